#!/usr/bin/env bash
# Runs the service: ./run.sh, or PORT=8001 ./run.sh. The first time it makes .venv, which takes about a minute.
set -euo pipefail
cd "$(dirname "$0")"
if [ -n "${DYNO:-}" ]; then # Heroku has installed what it needs
    exec gunicorn app:app "$@"
fi
source config/python.sh
if [ -n "${MONGO_DB_URI:-}" ]; then
    environment requirements.txt
else
    environment requirements.txt requirements-local.txt
fi
exec .venv/bin/gunicorn app:app "$@"
