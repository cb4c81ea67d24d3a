"""Load on a server of this machine: wrk where it is installed, else a generator in Python."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

LOADER_CORE = "1"

# Each connection walks through the requests; a table of them is read once, so that the generator itself costs little.
_LUA = """
local requests, at = {}, 0
for line in io.lines("%s") do requests[#requests + 1] = line:gsub("\\\\r\\\\n", "\\r\\n") end
request = function() at = at %% #requests + 1; return requests[at] end
done = function(summary, latency)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Request:
    """One HTTP request."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def wire(self) -> str:
        """The request as HTTP/1.1 has it on the wire."""
        sent = {"Host": "127.0.0.1", **self.headers, **({"Content-Length": str(len(self.body))} if self.body else {})}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        return "\r\n".join(lines) + "\r\n\r\n" + self.body


@dataclass(frozen=True)
class Outcome:
    """What a stretch of load brought."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    refused: int  # answered with 400 or above
    broken: int  # not answered

    @property
    def per_second(self) -> float:
        """Requests answered per second."""
        return self.requests / self.seconds


def drive(port: int, requests: Sequence[Request], seconds: float, connections: int) -> Outcome:
    """Send the requests, over and over, on some connections for some seconds."""
    if shutil.which("wrk"):
        return _wrk(port, requests, seconds, connections)
    program = [sys.executable, "-m", "bench._load", str(port), str(seconds), str(connections)]
    given = json.dumps([asdict(request) for request in requests])
    done = subprocess.run(_pinned(program), input=given, capture_output=True, text=True, check=True)
    return Outcome(**json.loads(done.stdout))


def _wrk(port: int, requests: Sequence[Request], seconds: float, connections: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        listed, script = Path(folder, "requests"), Path(folder, "script.lua")
        listed.write_text("\n".join(request.wire().replace("\r\n", "\\r\\n") for request in requests), encoding="utf-8")
        script.write_text(_LUA % listed, encoding="utf-8")
        program = ["wrk", "-t1", f"-c{connections}", f"-d{round(seconds) or 1}s", "--timeout", "10s", "-s", str(script)]
        done = subprocess.run(
            _pinned([*program, f"http://127.0.0.1:{port}/"]), capture_output=True, text=True, check=True
        )
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if found is None:
        raise RuntimeError(f"wrk said nothing of use: {done.stdout}{done.stderr}")
    count, micros, p50, p99, refused, broken = map(int, found.groups())
    return Outcome(count, micros / 1e6, p50 / 1e3, p99 / 1e3, refused, broken)


def _pinned(program: list[str]) -> list[str]:
    return ["taskset", "-c", LOADER_CORE, *program] if shutil.which("taskset") else program


async def _drive(port: int, requests: Sequence[Request], seconds: float, connections: int) -> Outcome:
    """The generator for machines without wrk."""
    wires = [request.wire().encode() for request in requests]
    end = time.perf_counter() + seconds
    took: list[float] = []
    refused = broken = 0

    async def connection(first: int) -> None:
        nonlocal refused, broken
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = first
        while (begun := time.perf_counter()) < end:
            writer.write(wires[turn % len(wires)])
            turn += 1
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
            except (asyncio.IncompleteReadError, ConnectionError):
                broken += 1
                return
            refused += head[9:12] >= b"400"
            took.append(time.perf_counter() - begun)
        writer.close()

    await asyncio.gather(*(connection(first) for first in range(connections)))
    took.sort()
    at = [took[int(len(took) * part)] * 1e3 if took else 0.0 for part in (0.5, 0.99)]
    return Outcome(len(took), seconds, at[0], at[1], refused, broken)


if __name__ == "__main__":
    _port, _seconds, _connections = sys.argv[1:]
    _requests = [Request(**given) for given in json.load(sys.stdin)]
    print(json.dumps(asdict(asyncio.run(_drive(int(_port), _requests, float(_seconds), int(_connections))))))
