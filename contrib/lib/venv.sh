# Sourced by contrib/check, contrib/demo and contrib/dev: find a Python, make a venv with it.

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# The Python to use: $PYTHON, or the first on PATH that is new enough.
find_python() {
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    fail "unable to find Python 3.11 or newer: name one with PYTHON=/path/to/python3"
}

# make_venv PYTHON DIR: Debian keeps what a venv needs in a package of its own.
make_venv() {
    if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        package="python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Installing $package, without which $1 makes no venv."
            { apt-get update && apt-get install -y --no-install-recommends "$package"; } >"$2.log" 2>&1 ||
                fail "unable to install $package; see $2.log"
            rm -f "$2.log"
        else
            fail "$1 makes no venv without the package $package: run 'sudo apt-get install $package'"
        fi
    fi
    "$1" -m venv "$2" || fail "unable to make a venv in $2"
}

# pip_in DIR WORD ...: pip of the venv DIR, which says only what goes wrong.
pip_in() {
    venv=$1
    shift
    "$venv/bin/pip" "$@" --quiet --disable-pip-version-check
}

# install_groups DIR: what tests and lint need, and contrib/examples where it can be had.
install_groups() {
    # The pip that a venv begins with may be too old to know groups.
    pip_in "$1" install --upgrade pip
    pip_in "$1" install --group test --group lint
    pip_in "$1" install --group examples || echo "Going on without what contrib/examples needs."
}
