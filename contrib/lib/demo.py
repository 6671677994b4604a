"""What contrib/demo shows, step by step: a web server kept alive, its log routed by level; and
three services in one process.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

SEVERITIES = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
PATIENCE = 20  # seconds that anything here may take


def main():
    """Run the demo in the directory that the command line names."""
    os.chdir(sys.argv[1])
    bin_dir = Path(sys.executable).parent
    os.environ["PATH"] = f"{bin_dir}:{os.environ['PATH']}"
    port = free_port()
    make_environment(port)
    syslog = Syslog("syslog.sock")
    with supervised(port) as supervisor:
        first = show_it_runs(supervisor, port)
        show_restart(supervisor, port, first)
        show_lock()
    show_log("log/current", "200")
    show_many()
    show_levels(syslog)
    print("\nAll of it worked; everything it made is being removed.")


def make_environment(port):
    """Make what is served, and what pyenvdir reads: a variable a file."""
    Path("env").mkdir()
    Path("env/PORT").write_text(f"{port}\n")
    Path("env/PYTHONUNBUFFERED").write_text("1\n")
    Path("public").mkdir()
    Path("public/hello").write_text("hello\n")
    Path("run").write_text(
        "#!/usr/bin/env pychain\n"
        "# a web server, with its port from a directory and its log by level;\n"
        "# it serves ./public on 127.0.0.1: else all could read ./env and the log\n"
        "pyenvdir ./env\n"
        "pysetlock -n ./web.lock\n"
        f"pysupervise -v -l 'pysissylog --to ./log/{real_syslog()} web'\n"
        "python3 -m http.server --bind 127.0.0.1 --directory ./public $PORT\n"
    )
    Path("run").chmod(0o755)
    step("The chain script that is run", "cat run")
    print(Path("run").read_text(), end="")
    step("Is everything there that it needs?", "pychain --check run")
    subprocess.run(["pychain", "--check", "run"], check=True)


def real_syslog():
    """Log to this machine's syslog too, if it has one."""
    return " --to syslog:" if Path("/dev/log").is_socket() else ""


@contextlib.contextmanager
def supervised(port):
    """Run the chain, and end it as an init would: with TERM, waiting for it."""
    step("Starting it: one interpreter for the whole chain", "./run")
    supervisor = subprocess.Popen(["./run"])
    try:
        until(f"an answer on port {port}", lambda: fetch(port))
        yield supervisor
        step("Stopping it", f"kill -TERM {supervisor.pid}")
        supervisor.terminate()
        code = supervisor.wait(PATIENCE)
        print(f"pysupervise ended with code {code}, after its program and its logger.")
        check(code == 0, "pysupervise did not end well")
    finally:
        if supervisor.poll() is None:
            supervisor.kill()


def show_it_runs(supervisor, port):
    """Show the processes, and what the server answers; give the server's pid."""
    step("It answers", f"GET http://127.0.0.1:{port}/hello")
    print(fetch(port))
    check(fetch(port, "../env/PORT") is None, "it shows its own env directory")
    status(supervisor)
    return server(supervisor)


def show_restart(supervisor, port, first):
    """Kill the server and wait for the next one."""
    # It restarts the moment it dies, but never twice within one second.
    step("Killing the server", f"kill -9 {first}")
    os.kill(first, signal.SIGKILL)
    until("a new server", lambda: server(supervisor) not in (None, first) and fetch(port))
    print(f"It answers again: {fetch(port)}")
    status(supervisor)


def show_lock():
    """Show that a second one cannot start beside it."""
    step("A second one beside it is refused", "./run")
    second = subprocess.run(["./run"], check=False)
    check(second.returncode == 111, "the lock let a second one in")


def show_log(path, wanted):
    """Show the log, and that the requests are in it."""
    step("What the server printed is in the log directory", f"cat {path}")
    text = Path(path).read_text()
    print(text, end="")
    check(wanted in text, f"{path} does not have the requests")


def show_many():
    """Show three services in one process, and that no other minds when one is killed."""
    names = "clock", "queue", "mail"
    Path("service").mkdir()
    for name in names:
        program = "while :; do date; sleep 1; done" if name == "clock" else "exec sleep 1000"
        words = ["pysv", "new", f"service/{name}", "--", "sh", "-c", program]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    step("Three services from one process", "pysvscan ./service")
    scanner = subprocess.Popen(["pysvscan", "service"])
    try:
        until("three services", lambda: len(services(names)) == 3)
        before = services(names)
        shown = ["pysv", "status", *(f"./service/{name}" for name in names)]
        subprocess.run(shown, check=True)
        step("Killing one of them", f"kill -9 {before['queue']}")
        os.kill(before["queue"], signal.SIGKILL)
        until("another one", lambda: services(names).get("queue") not in {None, before["queue"]})
        subprocess.run(shown, check=True)
        after = services(names) | {"queue": before["queue"]}
        check(after == before, "the others were restarted too")
        scanner.terminate()
        check(scanner.wait(PATIENCE) == 0, "pysvscan did not end well")
    finally:
        if scanner.poll() is None:
            scanner.kill()


def services(names):
    """The pids of those of the services NAMES that run."""
    pids = {}
    for name in names:
        with contextlib.suppress(OSError, ValueError):
            pids[name] = int(Path(f"service/{name}/supervise/pid").read_text())
    return pids


def show_levels(syslog):
    """Show each line arrive at a syslog socket with the level at its head."""
    line = "mydaemon 2>&1 | pysissylog --to syslog:./syslog.sock mydaemon"
    step("The level at the head of a line is the level in syslog", line)
    Path("mydaemon").write_text(
        "#!/bin/sh\necho 'started'\necho 'warning: disk nearly full' >&2\n"
        "echo 'error: disk gone' >&2\necho 'debug: x=1'\n"
    )
    Path("mydaemon").chmod(0o755)
    subprocess.run(["sh", "-c", f"./{line}"], check=True)
    got = [syslog.receive() for _ in range(4)]
    for severity, text in got:
        print(f"{severity:>8}  {text}")
    wanted = ["info", "warning", "err", "debug"]
    check([severity for severity, _ in got] == wanted, "a line came with another level")


class Syslog:
    """A socket that stands in for /dev/log."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(PATIENCE)

    def receive(self):
        """The severity and the text of the next message."""
        message = self.socket.recv(65536).decode()
        priority, text = re.fullmatch(r"<(\d+)>.{15} (.*)", message).groups()
        return SEVERITIES[int(priority) % 8], text


def status(supervisor):
    """Show the supervisor and its children, with how long each has run."""
    print("The processes:")
    for pid, indent in [(supervisor.pid, ""), *((c, "  ") for c in children(supervisor.pid))]:
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        print(f"{indent}{pid}  up {age(pid):.1f} s  {name}")


def server(supervisor):
    """The pid of the web server, or None."""
    for pid in children(supervisor.pid):
        with contextlib.suppress(OSError):
            if b"http.server\0--bind\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return None


def children(pid):
    """The pids of the children of PID."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def age(pid):
    """How many seconds the process PID has run."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def fetch(port, path="hello"):
    """The status line of what the server answers about PATH; None if it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
            return f"{answer.status} {answer.reason}, {answer.read().decode().strip()}"
    except (urllib.error.URLError, OSError):
        return None


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(what, condition):
    """Wait until CONDITION gives something."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < deadline, f"waited {PATIENCE} s for {what}")
        time.sleep(0.05)


def step(text, command):
    """Say what happens next."""
    print(f"\n== {text}\n$ {command}", flush=True)


def check(good, text):
    """End with a message unless GOOD."""
    if not good:
        sys.exit(f"demo: {text}")


if __name__ == "__main__":
    main()
