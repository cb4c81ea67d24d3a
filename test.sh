#!/usr/bin/env bash
# Runs the tests, in random order, on all cores: ./test.sh [what pytest takes]
set -euo pipefail
cd "$(dirname "$0")"
source config/python.sh
environment requirements.txt requirements-local.txt requirements-dev.txt
exec .venv/bin/pytest -n auto --cov --cov-report=term:skip-covered "$@"
