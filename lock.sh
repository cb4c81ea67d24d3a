#!/usr/bin/env bash
# Turns the short requirements*.in into pinned, hashed locks for every supported Python. ./lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")"
for set in requirements requirements-local requirements-dev clients/requirements; do
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --prerelease if-necessary-or-explicit --no-emit-index-url --no-emit-find-links --no-header \
        --custom-compile-command ./lock.sh "$@" "$set.in" -o "$set.txt"
done
