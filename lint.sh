#!/usr/bin/env bash
# Checks style, types and layers: ./lint.sh [--fix]
set -euo pipefail
cd "$(dirname "$0")"
source config/python.sh
environment requirements.txt requirements-local.txt requirements-dev.txt
export PATH="$PWD/.venv/bin:$PATH"
code=(app.py manage.py gunicorn.conf.py commands config docs models routes utils migrations bench tests)
for part in "${!code[@]}"; do [ -e "${code[part]}" ] || unset "code[part]"; done

if [ "${1:-}" = --fix ]; then
    ruff check --quiet --fix "${code[@]}" || true
    ruff format --quiet "${code[@]}"
fi
ruff check --quiet "${code[@]}"
ruff format --quiet --check "${code[@]}" || { echo "Format with ./lint.sh --fix" >&2; exit 1; }
mypy --no-error-summary "${code[@]}"
PYTHONPATH=. lint-imports --no-logo
python -m tests.ownership
pylint "${code[@]}"
echo "Nothing to complain of."
