#!/usr/bin/env bash
# Runs the tests, in random order, on all cores: ./test.sh [what pytest takes]
# With branch coverage, which takes half as long again: ./test.sh --cov
# Without those that take long (browsers, many servers, guides): ./test.sh -m "not slow"
set -euo pipefail
cd "$(dirname "$0")"
source config/python.sh
environment requirements.txt requirements-local.txt requirements-dev.txt
# One more than there are cores: many tests wait for a store, a worker or a browser.
cores=$(.venv/bin/python -c 'import os; print(os.cpu_count() or 1)')
export PYTEST_XDIST_AUTO_NUM_WORKERS="${PYTEST_XDIST_AUTO_NUM_WORKERS:-$((cores + 1))}"
exec .venv/bin/pytest -n auto --dist loadgroup --cov-report=term:skip-covered "$@"
