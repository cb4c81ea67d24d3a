"""A server on loopback that takes what the service sends to others, and keeps it."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import brotli

UNPACK: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


class Receiver:
    """What has arrived, in its order."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[tuple[str, bytes]] = []

    def at(self, path: str) -> list[bytes]:
        """The bodies that were sent to a path."""
        return [body for sent_to, body in self.bodies if sent_to == path]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Take whatever is sent, meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # pylint: disable=invalid-name  # its name there
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.bodies.append((self.path, UNPACK[self.headers.get("Content-Encoding", "identity")](body)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
