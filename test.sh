#!/usr/bin/env bash
# Runs the tests, in random order, on all cores: ./test.sh [what pytest takes]
# Those that take long (browsers, many servers, generated clients, guides) run with ./test.sh -m slow.
set -euo pipefail
cd "$(dirname "$0")"
source config/python.sh
environment requirements.txt requirements-local.txt requirements-dev.txt
exec .venv/bin/pytest -n auto -m "not slow" --cov --cov-report=term:skip-covered "$@"
