"""What `-h` and `help` print: zdaemon's own words, and beside them those of what is ours."""

USAGE = """\
zdctl -- control an application run by zdaemon.

Usage: python zdctl.py [-C URL] [-S schema.xml] [-h] [-p PROGRAM]
       [zdrun-options] [action [arguments]]

Options:
-b/--backoff-limit SECONDS -- set backoff limit to SECONDS (default 10)
-C/--configure URL -- configuration file or URL
-d/--daemon -- run as a proper daemon; fork a subprocess, close files etc.
-f/--forever -- run forever (by default, exit when backoff limit is exceeded)
-h/--help -- print this usage message and exit
-t/--transcript FILE -- log file where to redirect stdout and stderr
-l/--logfile -- log file to be read by logtail command
-p/--program PROGRAM -- the program to run
-S/--schema XML Schema -- XML schema for configuration file
-T/--start-timeout SECONDS -- Start timeout when a test program is used
-s/--socket-name SOCKET -- Unix socket name for client (default "zdsock")
-u/--user USER -- run as this user (or numeric uid)
-m/--umask UMASK -- use this umask for daemon subprocess (default is 022)
-x/--exit-codes LIST -- list of fatal exit codes (default "0,2")
--version -- print zdaemon version and exit
-z/--directory DIRECTORY -- directory to chdir to when using -d (default off)
action [arguments] -- see below

Actions are commands like "start", "stop" and "status".  Use the
action "help" to find out about available actions.
"""

# Of each action what `help ACTION` prints.
TOPICS = {
    "fg": ("foreground -- Run the program in the forground.\nfg -- an alias for foreground.\n"),
    "foreground": (
        "foreground -- Run the program in the forground.\nfg -- an alias for foreground.\n"
    ),
    "help": (
        "help          -- Print a list of available actions.\n"
        "help <action> -- Print help for <action>.\n"
    ),
    "kill": (
        "kill [sig] -- Send signal sig to the daemon process.\n"
        "              The default signal is SIGTERM.\n"
    ),
    "logreopen": (
        "logreopen -- Send a SIGUSR2 signal to the daemon process.\n"
        "             This is designed to reopen the log file.\n"
        "             Also reopens the transcript log file.\n"
    ),
    "logtail": (
        "logtail [logfile] -- Run tail -f on the given logfile.\n"
        "                     A default file may exist.\n"
        "                     Hit ^C to exit this mode.\n"
    ),
    "reopen_transcript": (
        "reopen_transcript -- Reopen the transcript log file.\n"
        "                     Use after log rotation.\n"
    ),
    "restart": "restart -- Stop and then start the daemon process.\n",
    "show": (
        "show options -- show zdctl options\n"
        "show python -- show Python version and details\n"
        "show all -- show all of the above\n"
    ),
    "start": (
        "start -- Start the daemon process.\n         If it is already running, do nothing.\n"
    ),
    "status": (
        "status [-l] -- Print status for the daemon process.\n"
        "               With -l, show raw status output as well.\n"
    ),
    "stop": ("stop -- Stop the daemon process.\n        If it is not running, do nothing.\n"),
    "wait": "wait -- Wait for the daemon process to exit.\n",
}
# Those that zdaemon lacks, or lost.
OWN_TOPICS = {
    "EOF": "EOF -- What ^D is: the shell ends, as by quit.\n",
    "append": (
        "append FILE [BYTES [KEEP]] -- Append stdin to FILE, as a transcript is; from\n"
        "                              BYTES on it is renamed. ALRM opens it anew.\n"
    ),
    "convert": (
        "convert CONF DIR -- Make a service directory for pysupervise out of each\n"
        "                    runner in CONF, in DIR. Nothing is started.\n"
    ),
    "quit": (
        "quit -- Leave this shell. What runs goes on; a manager\n"
        "        that has nothing to run is stopped.\n"
    ),
    "reload": (
        "reload [options] -- Read the configuration again, with these\n"
        "                    options or with those of before.\n"
    ),
    "shell": (
        "shell [command] -- Run a command of the shell, or a shell.\n! command       -- The same.\n"
    ),
    "status": (
        "status [-l] [-j] -- Print status for the daemon process.\n"
        "                    With -l, show raw status output as well;\n"
        "                    with -j or --json, as a JSON object.\n"
    ),
    "version": "version -- Print the version.\n",
}
WIDTH = 79  # columns of the list of topics


def topics(*, native: bool) -> dict[str, str]:
    """What there is help about, and the help."""
    return TOPICS | OWN_TOPICS if native else TOPICS


def listing(names: list[str]) -> str:
    """What `help` alone prints: NAMES in columns, as Python's cmd has them."""
    head = "Documented commands (type help <topic>):"
    return f"\n{head}\n{'=' * len(head)}\n{_columns(sorted(names))}\n"


def _columns(names: list[str]) -> str:
    for rows in range(1, len(names) + 1):
        columns = [names[at : at + rows] for at in range(0, len(names), rows)]
        widths = [max(map(len, column)) for column in columns]
        if sum(widths) + 2 * (len(widths) - 1) <= WIDTH:
            break
    lines = [
        [
            column[row].ljust(width)
            for column, width in zip(columns, widths, strict=True)
            if row < len(column)
        ]
        for row in range(rows)
    ]
    return "".join("  ".join(line) + "\n" for line in lines)
