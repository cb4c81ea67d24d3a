# Sourced by run.sh, test.sh and .ci/run: `environment LOCK…` makes .venv agree with the locks.
# Some images set it: then each process compiles all code again, which takes longer than all else that a start does.
unset PYTHONDONTWRITEBYTECODE

python_311() {
    local candidate
    # Every place of a name: a version manager's may stand first and refuse, where .python-version asks for another.
    for candidate in $(type -ap .venv/bin/python python3.13 python3.12 python3.11 python3 python3.14 python); do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer, with its venv module, is needed (on Debian: apt install python3 python3-venv)." >&2
    return 1
}

environment() {
    local python
    python=$(python_311)
    "$python" -m config.environment "$@"
}
