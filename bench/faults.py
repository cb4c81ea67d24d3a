"""Faults on purpose, and what clients of the service see of them: `python -m bench.faults`, or one by name.

Each runs gunicorn with two workers on a store of its own, beside clients that ask without a pause, prints one line of
figures, and ends with status 1 if what docs/guide/reliability.md promises was not kept. They are limits, not a race:
the machine may be busy with other things.
"""

import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from bench._faulty import DATABASE, HOST, Answer, Connection, Line, Load, Service, Store, served, until

MOST_S, RESUMED_S, STORE_AWAY = 25.0, 2.0, 503
PASSWORD = "a long enough pass phrase"
EVENT_INSERTED = b"\x02insert\x00\x07\x00\x00\x00events\x00"
CHEAP = {"ARGON2_TIME_COST": "1", "ARGON2_MEMORY_KIB": "64", "ARGON2_LANES": "1"}


@dataclass
class Scene:
    """What a fault plays on."""

    store: Store
    line: Line
    service: Service

    def away(self, away: Callable[[], object], back: Callable[[], object], seconds: float) -> bool:
        """Take the store away for a while, under load; print what was seen."""
        before = self.service.resident_mib()
        with Load(self.service, clients=16) as load:
            until(lambda: load.tally()[200] > 50)
            calm = len(load.answers)
            away()
            ready, live = self._probe(seconds)
            grown = self.service.resident_mib() - before
            back()
            resumed = until(self._serves)
        meanwhile = load.answers[calm:]
        tally = Counter(answer.status for answer in meanwhile)
        longest = max(answer.seconds for answer in meanwhile)
        print(
            f"  {_told(tally)}; longest wait {longest:.1f} s; /readyz said 503 after {ready:.1f} s at most; "
            f"/livez within {live:.2f} s; memory {grown:+.0f} MiB; served again after {resumed:.1f} s"
        )
        return set(tally) <= {200, STORE_AWAY} and longest < MOST_S and resumed < RESUMED_S

    def _probe(self, seconds: float) -> tuple[float, float]:
        """How long it took until /readyz said so, and the slowest /livez meanwhile."""
        began = time.monotonic()
        told = until(lambda: self.service.ask("GET", "/readyz").status == STORE_AWAY)
        slowest = 0.0
        while time.monotonic() - began < seconds:
            live = self.service.ask("GET", "/livez")
            slowest = max(slowest, live.seconds if live.status == 200 else MOST_S)
            time.sleep(0.1)
        return told, slowest

    def _serves(self) -> bool:
        return all(self.service.ask("GET", path).status == 200 for path in ("/readyz", "/v1/events") for _ in range(4))


def stop(scene: Scene) -> bool:
    """The store is killed, is away for ten seconds, and is started again."""
    return scene.away(lambda: scene.store.signal(signal.SIGKILL), scene.store.start, 10)


def freeze(scene: Scene) -> bool:
    """The store is frozen with SIGSTOP for twelve seconds: connections stay open, nothing answers."""
    send = scene.store.signal
    return scene.away(lambda: send(signal.SIGSTOP), lambda: send(signal.SIGCONT), 12)


def slow(scene: Scene) -> bool:
    """The way to the store takes six seconds for each message, for ten seconds."""
    return scene.away(lambda: _delay(scene, 6), lambda: _delay(scene, 0), 10)


def stepdown(scene: Scene) -> bool:
    """The store answers as a primary that stepped down, for ten seconds."""
    down = ("find", "aggregate", "insert", "update", "ping")
    return scene.away(lambda: scene.store.fail(189, *down), lambda: scene.store.fail(189), 10)


def lost_answer(scene: Scene) -> bool:
    """The store is killed after it wrote an event, before it says so; the client sends it again under its key."""
    headers, event = _signed_in(scene.service), _event()
    scene.line.lose_answer(EVENT_INSERTED, lambda: scene.store.signal(signal.SIGKILL))
    first = scene.service.ask("POST", "/v1/events", event, headers)
    scene.store.start()
    tries: list[Answer] = []
    took = until(lambda: _again(scene.service, event, headers, tries))
    with scene.store.client() as client:
        made = client[DATABASE].events.count_documents({})
    print(
        f"  first answer {first.status} after {first.seconds:.1f} s; sent again: "
        f"{_told(Counter(answer.status for answer in tries))}, done after {took:.1f} s; events in the store: {made}"
    )
    return first.status == STORE_AWAY and made == 1


def reload(scene: Scene) -> bool:
    """Gunicorn restarts its workers one by one (SIGHUP) under load, three times."""
    with Load(scene.service, clients=16) as load:
        for _ in range(3):
            before, asked = set(scene.service.workers()), len(load.answers)
            until(lambda n=asked: len(load.answers) > n + 100)  # type: ignore[misc]  # bound at once
            os.kill(scene.service.process.pid, signal.SIGHUP)
            until(lambda old=before: old.isdisjoint(scene.service.workers()))  # type: ignore[misc]  # as above
        asked = len(load.answers)
        until(lambda: len(load.answers) > asked + 100)
    print(f"  {_told(load.tally())}; longest wait {load.longest():.1f} s")
    return set(load.tally()) == {200}


def end(scene: Scene) -> bool:
    """Gunicorn is asked to stop (SIGTERM) under load, with requests under way that take a second or so."""
    _delay(scene, 0.5)
    with Load(scene.service, clients=16) as load:
        until(lambda: len(load.answers) > 32)
        began = time.monotonic()
        scene.service.process.send_signal(signal.SIGTERM)
        scene.service.process.wait(MOST_S + 10)
        took = time.monotonic() - began
    print(f"  {_told(load.tally())}; ended after {took:.1f} s")
    return set(load.tally()) <= {200, None} and took < MOST_S + 5


def rude(scene: Scene) -> bool:
    """500 idle connections, 100 half requests and 4 clients that pipeline garbage, beside one that behaves."""
    calm = _p99(scene.service)
    done, sockets = threading.Event(), [socket.create_connection((HOST, scene.service.port)) for _ in range(600)]
    for half in sockets[500:]:
        half.sendall(b"POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{")
    vandals = [threading.Thread(target=_vandalise, args=(scene.service.port, done)) for _ in range(4)]
    for vandal in vandals:
        vandal.start()
    meanwhile = _p99(scene.service)
    done.set()
    for vandal in vandals:
        vandal.join()
    for rude_one in sockets:
        rude_one.close()
    after = scene.service.ready()
    print(f"  p99 of /livez {calm * 1e3:.0f} ms before, {meanwhile * 1e3:.0f} ms meanwhile; ready afterwards: {after}")
    return after and meanwhile < 3 * calm


def _p99(service: Service) -> float:
    """Of 500 requests on a kept connection; one without an answer counts as endless."""
    with Connection(service.port) as connection:
        answers = [connection.ask("GET", "/livez") for _ in range(500)]
    return sorted(answer.seconds if answer.status == 200 else MOST_S for answer in answers)[-6]


def _vandalise(port: int, done: threading.Event) -> None:
    """Pipeline good requests and rubbish, ten times a second, and read what comes."""
    while not done.wait(0.1):
        with suppress(OSError), socket.create_connection((HOST, port), timeout=2) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 5 + secrets.token_bytes(2_000))
            while connection.recv(65_536):
                pass


FAULTS = {
    fault.__name__.replace("_", "-"): fault for fault in (stop, freeze, slow, stepdown, lost_answer, reload, end, rude)
}


def _told(tally: Counter[int | None]) -> str:
    names = {0: "broken off", None: "refused a connection"}
    parts = sorted(tally.items(), key=lambda pair: pair[0] or 0)
    return ", ".join(f"{count} × {names.get(status, status)}" for status, count in parts)


def _delay(scene: Scene, seconds: float) -> None:
    scene.line.delay_s = seconds


def _signed_in(service: Service) -> dict[str, str]:
    who = {"email": "ada@example.org", "password": PASSWORD}
    service.ask("POST", "/v1/users", {"first_name": "Ada", "last_name": "Lovelace", **who})
    token = service.ask("POST", "/v1/auth/login", who).json()["access_token"]
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(8)}


def _event() -> dict[str, object]:
    start = datetime.now(UTC) + timedelta(days=1)
    return {
        "title": "Sunset yoga",
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=1)).isoformat(),
        "location": {"title": "Bayfront Park", "latitude": 25.7753, "longitude": -80.1861},
        "max_capacity": 40,
    }


def _again(service: Service, event: dict[str, object], headers: dict[str, str], tries: list[Answer]) -> bool:
    time.sleep(0.5)
    tries.append(service.ask("POST", "/v1/events", event, headers))
    return tries[-1].status == 201


def play(name: str) -> bool:
    """One fault, on a service and a store of its own; whether all was as promised."""
    print(f"{name}: {FAULTS[name].__doc__}", flush=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        store = Store(folder)
        store.start()
        line = Line(store.port)
        try:
            with served(line.port, folder, workers=2, **CHEAP) as service:
                kept = FAULTS[name](Scene(store, line, service))
        finally:
            line.close()
            store.close()
    print(f"  {'as promised' if kept else 'NOT AS PROMISED'}", flush=True)
    return kept


def main(name: str = typer.Argument("all", help=f"One of {', '.join(FAULTS)}; all of them by default.")) -> None:
    """Provoke faults and print what clients see."""
    if name != "all" and name not in FAULTS:
        raise typer.BadParameter(f"There is no fault {name}.")
    kept = [play(one) for one in FAULTS if name in ("all", one)]
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    typer.run(main)
