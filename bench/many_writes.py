"""Shows whether the embedded store takes longer for each further write: `python -m bench.many_writes`.

Prints the milliseconds per write, thousand by thousand, of the package's own program and of ours (decision 0064).
"""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench._faulty import STORE_PROGRAM, Store

PACKAGE_PROGRAM = (str(Path(sys.executable).with_name("secantusd-py")),)
THOUSANDS = 13


def milliseconds(program: tuple[str, ...]) -> list[float]:
    """What one retryable write takes in the first thousand, the second, and so on."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), program)
        store.start()
        try:
            with store.client() as client:
                write = partial(client.measured.counters.update_one, {"_id": 1}, {"$inc": {"n": 1}})
                return [_thousand(write) for _ in range(THOUSANDS)]
        finally:
            store.close()


def _thousand(write: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(1000):
        write()
    return time.perf_counter() - began  # seconds per thousand: milliseconds per one


if __name__ == "__main__":
    print("| thousand | the package's program, ms per write | ours |\n|---|---|---|")
    both = zip(milliseconds(PACKAGE_PROGRAM), milliseconds(STORE_PROGRAM), strict=True)
    for number, (theirs, ours) in enumerate(both, 1):
        print(f"| {number} | {theirs:.2f} | {ours:.2f} |")
