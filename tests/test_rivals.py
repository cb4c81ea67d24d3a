"""Rivals over real workers, some of them killed: the figures of `bench.rivals`, on a smaller scale."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_rivals_over_workers_that_are_killed_leave_exact_counters_and_an_ordered_queue() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATA_DIR"}
    command = [sys.executable, "-m", "bench.rivals", "--people", "16", "--seats", "4", "--workers", "2", "--no-repair"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "undisturbed: 16 × 200" in done.stdout
    assert "4 attend, 12 wait" in done.stdout
    assert "counters agree" in done.stdout
    assert "all in, in order: True" in done.stdout
