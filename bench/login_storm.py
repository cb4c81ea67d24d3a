"""Measures whether logins starve the service: `python -m bench.login_storm`.

Fifty people sign in at once at one worker with production's Argon2id, while `GET /livez` is asked again and again;
prints its times idle and meanwhile, and fails if the 99th percentile is more than 50 ms over the idle one.
"""

import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench import _service
from bench._service import PASSWORD, ask

PEOPLE, ACCOUNTS, BUDGET_MS, ROUNDS = 50, 5, 50, 3


def probe(port: int, done: Callable[[], bool]) -> list[float]:
    """The milliseconds of one `GET /livez` after the other, until it is done."""
    times = []
    while not done():
        began = time.perf_counter()
        if ask(port, "GET", "/livez") != 200:
            raise RuntimeError("/livez did not answer")
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.005)
    return times


def shown(name: str, times: list[float]) -> float:
    """Print a distribution; gives its 99th percentile."""
    cuts = statistics.quantiles(times, n=100)
    print(f"{name}: {len(times)} requests, p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms, longest {max(times):.1f} ms")
    return cuts[98]


def storm(port: int) -> Counter[int]:
    """Everybody signs in at once."""

    def sign_in(number: int) -> int:
        form = {"email": f"person{number % ACCOUNTS}@example.org", "password": PASSWORD}
        return ask(port, "POST", "/v1/auth/login", form)

    with ThreadPoolExecutor(PEOPLE) as pool:
        return Counter(pool.map(sign_in, range(PEOPLE)))


def measure(port: int) -> float:
    """One round; how much longer the 99th percentile is meanwhile, in milliseconds."""
    until = time.monotonic() + 5
    idle = shown("idle", probe(port, lambda: time.monotonic() > until))
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        probing = pool.submit(probe, port, over.is_set)
        began = time.perf_counter()
        answers = storm(port)
        took = time.perf_counter() - began
        over.set()
        busy = shown(f"while {PEOPLE} sign in", probing.result())
    print(f"{PEOPLE} logins took {took:.1f} s: {dict(answers)}")
    return busy - idle


def main() -> int:
    """Measure a few rounds and print the verdict; the exit status tells it too."""
    with _service.running() as (port, master):
        for number in range(ACCOUNTS):
            _service.register(port, f"person{number}@example.org")
        storm(port)
        before = _service.peak_mib(master)
        over = sorted(measure(port) for _ in range(ROUNDS))
        print(f"most memory of the worker: {_service.peak_mib(master)} MiB (before: {before})")
    median = statistics.median(over)
    print(f"p99 over idle: {median:.1f} ms in the median of {ROUNDS} rounds; allowed are {BUDGET_MS} ms")
    return int(median > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
