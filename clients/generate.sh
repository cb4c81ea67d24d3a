#!/usr/bin/env bash
# Makes a TypeScript and a Python client of docs/openapi.json, in clients/generated/: clients/generate.sh
# Needs node 20 or newer and this project's .venv; installs pinned tools beside it, where a lock changed.
set -euo pipefail
cd "$(dirname "$0")"
contract=../docs/openapi.json

if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --silent
    cp package-lock.json node_modules/.installed
fi
if ! cmp -s requirements.txt .venv/.installed; then
    ../.venv/bin/uv venv --quiet --clear --python ../.venv/bin/python .venv
    ../.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.txt
    cp requirements.txt .venv/.installed
fi

npx --no-install redocly lint --config redocly.yaml "$contract"
mkdir -p generated
npx --no-install openapi-typescript "$contract" --default-non-nullable=false --output generated/schema.d.ts
npx --no-install tsc --project tsconfig.json
.venv/bin/openapi-python-client generate --path "$contract" --output-path generated/python --meta none --overwrite \
    --config python-client.yaml
