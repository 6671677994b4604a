# Sourced by contrib/check and contrib/dev: have the C programs that tests compare with.

# daemontools-run, runit-run and runit-init would start services: they stay out.
ORIGINALS="daemontools runit s6 execline rsyslog rsyslog-gnutls rsyslog-relp openssl bsdutils strace groff-base zstd"

# install_originals DIR: install them, as root on Debian; a log is left in DIR.
install_originals() {
    command -v dpkg >/dev/null && command -v apt-get >/dev/null || return 0
    # shellcheck disable=SC2086 # a list of words
    if dpkg -s $ORIGINALS >/dev/null 2>&1; then
        return
    elif [ "$(id -u)" != 0 ]; then
        echo "Going on without all C originals: run 'sudo apt-get install $ORIGINALS'."
        return
    fi
    echo "Installing $ORIGINALS."
    # shellcheck disable=SC2086 # a list of words
    { apt-get update && apt-get install -y --no-install-recommends $ORIGINALS; } >"$1/apt.log" 2>&1 ||
        { tail "$1/apt.log"; echo "Going on without them."; }
}

# unpack_syslog_ng DIR: as packages syslog-ng and rsyslog exclude each other, so syslog-ng is
# only unpacked, with the libraries that are not here, below DIR, and the tests are told where.
unpack_syslog_ng() {
    export PYDAEMONTOOLS_SYSLOG_NG="$1/syslog-ng"
    unpack "$PYDAEMONTOOLS_SYSLOG_NG" usr/sbin/syslog-ng syslog-ng-core
}

# unpack_openrc DIR: the same; installed, it would start this machine's services.
unpack_openrc() {
    export PYDAEMONTOOLS_OPENRC="$1/openrc"
    unpack "$PYDAEMONTOOLS_OPENRC" lib/rc/sh/functions.sh openrc
}

# unpack PLACE FILE PACKAGE: have FILE of PACKAGE in PLACE, and what that needs and is not here.
unpack() {
    if [ ! -e "$1/$2" ] && command -v apt-get >/dev/null; then
        (unpack_packages "$1" "$3") >"$1.log" 2>&1 || echo "Going on without $3."
    fi
}

unpack_packages() {
    mkdir -p "$1/packages"
    apt-cache show "$2" >/dev/null || apt-get update
    lacking=$(apt-get install -s --no-install-recommends "$2" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
    cd "$1/packages"
    # shellcheck disable=SC2086 # a list of words
    apt-get download $lacking
    for package in *.deb; do
        dpkg-deb -x "$package" ..
    done
}

# install_supervisor DIR PYTHON: a supervisord in a venv of its own below DIR, to measure beside.
install_supervisor() {
    [ ! -x "$1/supervisor/bin/supervisord" ] || return 0
    { "$2" -m venv "$1/supervisor" &&
        "$1/supervisor/bin/pip" install --quiet --disable-pip-version-check \
            supervisor==4.3.0; } >"$1/supervisor.log" 2>&1 || echo "Going on without supervisord."
}

# install_zdaemon DIR PYTHON: a zdaemon in a venv of its own below DIR, since it and our stand-in
# have one name; the tests are told where it is.
install_zdaemon() {
    export PYDAEMONTOOLS_ZDAEMON="$1/zdaemon"
    [ ! -x "$PYDAEMONTOOLS_ZDAEMON/bin/zdaemon" ] || return 0
    { "$2" -m venv "$PYDAEMONTOOLS_ZDAEMON" &&
        "$PYDAEMONTOOLS_ZDAEMON/bin/pip" install --quiet --disable-pip-version-check \
            zdaemon==5.2.1; } >"$1/zdaemon.log" 2>&1 || echo "Going on without zdaemon."
}
