"""setlock: who gets the lock, who waits, what -n -N -x -X change, and the file it leaves."""

import pytest

# A shell says "Terminated" now or later: where one is ended it has no stderr any more.
# Start a process that holds the lock l; `echo >go` has it end.
HELD = (
    "mkfifo go held; setlock l sh -c ': >held; read x <go' & holder=$!; : <held;"
    'waits() { until grep -q -e "-> FLOCK .* $1 " /proc/locks; do sleep 0.01; done; };'
)
SAME = {
    "a free lock": "setlock l probe",
    "the file is made 0600": "setlock l true; stat -c '%a %s %U' l",
    "a umask of 0 adds nothing": "umask 0; setlock l true; stat -c %a l",
    "a umask of 777 takes all": "umask 777; setlock l true; stat -c %a l",
    "the mode of a file that is there stays": ": >l; chmod 644 l; setlock l true; stat -c %a l",
    "the file is not truncated": "echo x >l; setlock l true; cat l",
    "what the program writes there is appended": "echo a >l; setlock l sh -c 'echo b >&3'; cat l",
    "the lock goes with the program": "setlock l true; setlock -n l echo got it",
    "a child of the program keeps it": (
        "setlock l sh -c 'sleep 60 >/dev/null 2>&1 & echo $! >pid';"
        "setlock -n l echo no; echo $?; kill $(cat pid)"
    ),
    "-n does not wait": "setlock l sh -c 'setlock -n l echo no; echo $?'",
    "-n takes a free lock": "setlock -n l probe",
    "-nx ends well and says nothing": "setlock l sh -c 'setlock -nx l echo no; echo $?'",
    "-xn too": "setlock l sh -c 'setlock -xn l echo no; echo $?'",
    "-n -x too": "setlock l sh -c 'setlock -n -x l echo no; echo $?'",
    "-nxX complains": "setlock l sh -c 'setlock -nxX l echo no; echo $?'",
    "-nXx does not": "setlock l sh -c 'setlock -nXx l echo no; echo $?'",
    "-x with a free lock": "setlock -x l probe",
    "-X with a free lock": "setlock -X l probe",
    "-nnxxNX": "setlock -nnxxNX l probe",
    "it waits": HELD + "setlock l echo got it & waits $!; echo >go; wait $!; echo $?",
    "-N waits": HELD + "setlock -N l echo got it & waits $!; echo >go; wait $!; echo $?",
    "-nN waits": HELD + "setlock -nN l echo got it & waits $!; echo >go; wait $!; echo $?",
    "-n -N waits": HELD + "setlock -n -N l echo got it & waits $!; echo >go; wait $!; echo $?",
    "-x waits": HELD + "setlock -x l echo got it & waits $!; echo >go; wait $!; echo $?",
    "-Nn does not": HELD + "setlock -Nn l echo no; echo $?; echo >go; wait $holder; echo $?",
    "one who waits can be ended": HELD
    + "setlock l true & waits $!; exec 2>&-; kill $!; wait $!; echo $?; echo >go; wait",
    "and by a hangup": (
        HELD
        + "setlock l true & waits $!; exec 2>&-; kill -HUP $!; wait $!; echo $?; echo >go; wait"
    ),
    "two files, two fds": "setlock a setlock b probe",
    "the same file twice, without waiting": "setlock l setlock -n l probe",
    "a missing directory": "setlock d/l true",
    "a missing directory and -x": "setlock -x d/l true",
    "a missing directory and -xX": "setlock -xX d/l true",
    "a missing directory and -n": "setlock -n d/l true",
    "a directory": "mkdir d; setlock d true",
    "a file as a directory": ": >f; setlock f/l true",
    "a fifo that nobody reads": "mkfifo f; setlock f true",
    "a fifo that nobody reads and -x": "mkfifo f; setlock -x f true",
    "the empty name": "setlock '' true",
    "a name that is too long": "setlock $(printf %0300d 0) true",
    "a link in a circle": "ln -s l l; setlock l true",
    "a link to nothing makes the file": "ln -s m l; setlock l true; ls",
    "a program that runs": (
        "cp /bin/sleep s; ./s 60 & until [ /proc/$!/exe -ef s ]; do :; done;"
        "setlock s true; echo $?; kill $!"
    ),
    "a file that may not be written": ": >l; chmod 0 l; plain setlock l true",
    "a directory that may not be written": "mkdir d; chmod 555 d; plain setlock d/l true",
    "and -x": "mkdir d; chmod 555 d; plain setlock -x d/l true",
    "the program is missing": "setlock l nonesuch",
    "the program is missing, and -x": "setlock -x l nonesuch",
    "- is a file": "setlock - true; ls",
    "-- ends the options": "setlock -- -n true; ls",
    "options end at the file": "setlock l -n",
    "options end at the file, as the program's": "setlock l echo -n -x --",
    "no arguments": "setlock",
    "only an option": "setlock -n",
    "only --": "setlock --",
    "only a file": "setlock l; ls",
    "an unknown option": "setlock -q l true",
    "an unknown option in a cluster": "setlock -nqx l true",
    "a second unknown option": "setlock -q -w l true",
    "a colon as an option": "setlock -: l true",
    "a question mark as an option": "setlock '-?' l true",
    "an option that is no letter": r"setlock $(printf '\055\377') l true",
    "--help": "setlock --help",
    "--version": "setlock --version l true",
    "-r is not the original's": "setlock -r l true",
    "-t is not the original's": "setlock -t 5 l true",
    "arguments are handed on": "setlock l probe '' 'a b' -n",
    "without stdin the lock is fd 0": "setlock l probe <&-",
    "without stdout the lock is fd 1": ": >state; setlock l probe >&-",
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_setlock(compare, script):
    """Called by the original's name it does what the original does."""
    compare(script)
