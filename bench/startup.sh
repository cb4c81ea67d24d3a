#!/usr/bin/env bash
# How long a newcomer waits: clones this repository into a scratch folder, with an empty cache, and prints the seconds from
# ./run.sh to the first answer, the first time and the second. Fails above 90 s and 5 s.
set -euo pipefail
source_tree=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
git clone --quiet "$source_tree" "$scratch/clone"
cd "$scratch/clone"

first_answer() {
    local began=$EPOCHREALTIME service
    env -u VIRTUAL_ENV -u MONGO_DB_URI PIP_CACHE_DIR="$scratch/pip" UV_CACHE_DIR="$scratch/uv" PORT="$port" ./run.sh >"$scratch/log" 2>&1 &
    service=$!
    until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz"; do
        kill -0 "$service" || { cat "$scratch/log" >&2; exit 1; }
        sleep 0.05
    done
    python3 -c "print(f'{$EPOCHREALTIME - $began:.1f}')"
    kill -TERM "$service"
    wait "$service" || true
}

first=$(first_answer)
second=$(first_answer)
echo "first start: $first s, second start: $second s"
python3 -c "import sys; sys.exit(not ($first < 90 and $second < 5))"
