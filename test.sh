#!/usr/bin/env bash
# Runs the tests, in random order, on all cores: ./test.sh [what pytest takes]
# Without those that take long (browsers, many servers, guides): ./test.sh -m "not slow"
set -euo pipefail
cd "$(dirname "$0")"
source config/python.sh
environment requirements.txt requirements-local.txt requirements-dev.txt
exec .venv/bin/pytest -n auto --dist loadgroup --cov --cov-report=term:skip-covered "$@"
