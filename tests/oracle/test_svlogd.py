"""svlogd: its config, the directories it leaves to the byte, and what it says."""

from pathlib import Path

import pytest

from tests.oracle.conftest import outcome

# Whatever stands in the directories: modes and content; times, and names that are times, aside.
SHOW = (
    "masked() { sed -E 's/@4[0-9a-f]{23}/@TIME/g; s/20[0-9]{2}-[0-9]{2}-[0-9]{2}([_T])"
    "[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{5}/TIME\\1/g'; }; "
    "show() { for f in $(find . -mindepth 2 -path './bin' -prune -o -type f -print"
    " | LC_ALL=C sort); do [ ${f#./bin} = $f ] || continue;"
    " echo \"$(echo $f | masked) $(stat -c '%A %h %s' $f)\"; masked <$f; done; }; "
)
INPUT = (
    r"some() { printf 'one\nerror: two\n\n warning: three  \nerror\n: \nb\303\244r\377\n'; "
    r"printf '%s\n' 'a*b' '[x]' 'a.b' 'a\\b' '+plus' '-minus' 'aaab' 'aab' 'b' 'error: last'; }; "
)
LONG = "long() { head -c $1 /dev/zero | tr '\\0' x; printf '%s\\n' \"$2\"; }; "
# The words of a config file, one a line, for the directory d.
SET = "conf() { mkdir -p d; printf '%s\\n' \"$@\" >d/config; }; "
START = SHOW + INPUT + LONG + SET

PATTERNS = [
    "-*", "+*", "-error*", "-error: *", "-*error*", "-* +error*", "-* +error: * -*two", "-one",
    "-* +one +one", "-on", "-one*", "- ", "-", "-+", "-++", "-* +", "-*:*", "-*: *", "-**", "-***",
    "-* +*: t*", "-* +*:*e*", "-a*b", "-a**b", "-a.b", "-[x]", "-*]", "-a\\*", "-* +*\\*",
    "-* +*rr* -*tw*", "-++plus", "--minus", "-*u*", "-* +* *", "-*  ", "-+ *", "-* ++a*", "-+ab",
    "-* ++aab", "-+a+b", "-e+ror*", "-e+ror: ++l", "-* +e+ror:*", "-*+r*", "-* +* +t", "-+bx",
    "-* -* +* -o* +one", "+one -*", "-error -error: two", "-* +*+rr", "-a+abcd", "x y z -one",
]  # fmt: skip
TOGETHER = 10  # directories of one call
CONFIGS = {
    "nothing": "mkdir d; some | svlogd d; show",
    "an empty config": "mkdir d; : >d/config; some | svlogd -v d; show",
    "comments and nonsense": "conf '#s10' '' 'z9' ' s10' 'q'; some | svlogd -v d; show",
    "no end of line": "mkdir d; printf 's5000\\n-one' >d/config; some | svlogd d; show",
    "one byte without an end": "mkdir d; printf 'n5\\n-' >d/config; some | svlogd d; show",
    "a NUL in a pattern": "mkdir d; printf -- '-one\\0-error\\n' >d/config; some | svlogd d; show",
    "a config that is a directory": "mkdir -p d/config; some | svlogd -v d; show",
    "s": "conf s2000; seq 1 999 | svlogd -v d 2>&1 | masked; show",
    "sk": "conf s2k; seq 1 1999 | svlogd d; show",
    "sm": "conf s1m; seq 1 1999 | svlogd d; show",
    "s and nonsense": "conf s3000x9; seq 1 1999 | svlogd d; show",
    "s of nothing": "conf s; seq 1 1999 | svlogd d; show",
    "s0": "conf s0; seq 1 9999 | svlogd d; show",
    "s less than a line": "conf s100 n0; seq 1 999 | svlogd d; show",
    "s as long as a line": "conf s1000 n0; seq 1 9 | svlogd d; show",
    "s a little longer": "conf s1010 n0; seq 1 20 | svlogd d; show",
    "the last one counts": "conf s9 s2500 n1 n2; seq 1 2999 | svlogd d; show",
    "n": "conf s2000 n3; seq 1 9999 | svlogd d; show",
    "n0": "conf s2000 n0; seq 1 9999 | svlogd d; show",
    "n of nothing": "conf s2000 n; seq 1 3999 | svlogd d; show",
    "ten": "conf s2000; seq 1 9999 | svlogd d; show",
    "one is deleted at a time": (
        "conf s2000 n2; S=@400000003b4a39c23294b13; for i in 1 2 3 4 5; do echo $i >d/$S$i.s; done;"
        "seq 1 500 | svlogd -v d 2>&1 | masked; show"
    ),
    "p": "conf p 'pa prefix: '; some | svlogd -t d; show",
    "p and size": "conf s2000 'pa prefix: '; seq 1 999 | svlogd -tt d; show",
    "U without an address": "conf U; some | svlogd d; show",
    "u that is none": (
        "conf u1.2.3 ux u1.2.3.4:0 u1.2.3.4:x 'u1..2.3' u1.2.3.4.; some | svlogd d; show"
    ),
    "u that cannot be": "conf u255.255.255.255; some | svlogd -tt d; show",
    "U that cannot be": "conf U255.255.255.255:99 'pp: ' '-*e*'; some | svlogd -tt d; show",
    "u and a long line": "conf u255.255.255.255; (long 999; long 1000; long 1500) | svlogd d; show",
    "e": "conf 'e*'; some | svlogd d",
    "e, some": "conf 'eerror*' 'E*two'; some | svlogd d; show",
    "e and -": "conf '-*' 'eerror*'; some | svlogd d; show",
    "e, p and stamps": "conf 'e*' 'ppre: '; some | svlogd -tt d 2>&1 | masked; show",
    "e, long lines": "conf 'e*'; (long 999; long 1000; long 1001 y; long 5000 y) | svlogd d",
    "e in two": ("conf 'e*o*' pA; mkdir f; printf 'e*t*\\npB' >f/config; some | svlogd d f; show"),
    "E": "conf 'E*'; some | svlogd d",
    "!": "conf s2000 n0 '!tr 0-9 a-j'; seq 1 1999 | svlogd d; show",
    "! alone": "conf s2000 '!'; seq 1 999 | svlogd d; show",
    "! and a NUL": "mkdir d; printf 's2000\\n!tr 1 x\\0y\\n' >d/config; seq 999 | svlogd d; show",
    "! and n": "conf s2000 n2 '!tr 0-9 a-j'; seq 1 2999 | svlogd d; show",
    "its state": (
        "conf s2000 n0 '!n=$(cat <&4); n=$((n + 1)); echo $n >&5; wc -l >/dev/null; echo file $n';"
        "seq 1 1999 | svlogd d; show"
    ),
    "where it is, and what it has": (
        "conf s2000 n1 '!pwd | sed s,.*/,,; (ls /proc/self/fd | wc -l) >&2; cat >/dev/null';"
        "seq 1 600 | svlogd d 2>/dev/null; show"
    ),
    "a clean end": "conf s2000; seq 1 5 | svlogd d; seq 6 9 | svlogd -v d; show",
    "a crash": "conf s2000; echo old >d/current; seq 1 5 | svlogd -v d 2>&1 | masked; show",
    "a crash of an empty one": "conf s2000; : >d/current; seq 1 5 | svlogd -v d; show",
    "a crash, n": (
        "conf n2; S=@400000003b4a39c23294b13; for i in 1 2 3 4; do echo $i >d/$S$i.s; done;"
        "echo old >d/current; some | svlogd -v d 2>&1 | masked; show"
    ),
    "a crash of a processor": (
        "conf s2000 '!tr 0-9 a-j'; S=@400000003b4a39c23294b131; echo 1 >d/$S.u; echo 2 >d/$S.t;"
        "echo s >d/state; echo n >d/newstate; echo old >d/current; seq 1 500 | svlogd d; show"
    ),
    "full before it begins": (
        "conf s2000; seq 1 999 >d/current; chmod 744 d/current; seq 1 9 | svlogd d; show"
    ),
    "nearly full before it begins": (
        "conf s2000; seq 1 420 >d/current; chmod 744 d/current; seq 1 9 | svlogd d; show"
    ),
    "names that are none": (
        "conf s2000 n1; echo 1 >d/@short; echo 2 >d/x400000003b4a39c23294b131.s;"
        "seq 1 999 | svlogd d; show"
    ),
    "long lines": (
        "conf s4096 n0; (long 1000 a; long 998 b; long 5000 c; long 9000) | svlogd d; show"
    ),
    "long lines and stamps": (
        "conf s4096 n0; (for i in 999 998 5000 970 975 3 1001 9000; do long $i; done; seq 99)"
        "| svlogd -tt d; show"
    ),
    "long lines, patterns": (
        "conf '-*y'; (long 999 y; long 998 y; long 1000 y; long 999; long 3000 y) | svlogd d; show"
    ),
    "a pattern where a file ends": ("conf s100 n0 '-*9*' '+*8*'; seq 1000 1200 | svlogd d; show"),
}
CALLS = {
    "-t": "some | svlogd -t d",
    "-tt": "some | svlogd -tt d",
    "-ttt": "some | svlogd -ttt d",
    "-tttt": "some | svlogd -tttt d",
    "-t -t": "some | svlogd -t -t d",
    "-v": "some | svlogd -v d",
    "-vv": "some | svlogd -vvtt -- d",
    "-r": r"printf 'a\tb\303\244 \177 x[y]\rz\n' | svlogd -r . d",
    "-r of two": "some | svlogd -r ab d",
    "-r of none": "some | svlogd -r '' d",
    "-R": r"printf 'a\tb x[y]\n' | svlogd -R '[]b' d",
    "-R of none": r"printf 'a\tb x[y]\n' | svlogd -R '' d",
    "-R and -r": r"printf 'a\tb x[y]\n' | svlogd -R xy -r q d",
    "-r and patterns": r"echo '-a?b' >d/config; printf 'a\tb\na.b\n' | svlogd -r '?' d",
    "-r and long lines": (
        "(head -c 1500 /dev/zero; echo; head -c 1000 /dev/zero; echo) | svlogd -rQ d"
    ),
    "-r, where a file ends": "echo s100 >d/config; seq 99 | tr 1 '\\0' | svlogd -r. d",
    "-l": "echo '-xx*y' >d/config; (long 9 y; long 10 y; long 8 y) | svlogd -l 10 d",
    "-l 0": "some | svlogd -l 0 d",
    "-l of nothing": "some | svlogd -l x d",
    "-l and e": "echo 'e*' >d/config; some | svlogd -l 5 d",
    "-l and size": "printf 's100\\nn0\\n' >d/config; seq 99 | svlogd -l 50 d",
    "-l as -b": "some | svlogd -l 1024 d",
    "-b": "some | svlogd -b 2000 -l 1999 d",
    "-b 0": "some | svlogd -b 0 d",
    "-b too small": "some | svlogd -b 1000 d",
    "-V": "some | svlogd -V d",
    "-q": "some | svlogd -q d",
    "-l without a number": "some | svlogd -l",
    "nothing": "some | svlogd",
    "options only": "some | svlogd -tt",
    "two": "mkdir f; some | svlogd d f",
    "twice the same": "some | svlogd d d",
    "one that is not there": "some | svlogd no d",
    "none that is there": "some | svlogd no none",
    "a file": ": >f; some | svlogd -v f d",
    "a slash at the end": "some | svlogd d/",
    "an absolute name": "some | svlogd $PWD/d",
    "where it is": "cd d; some | svlogd .; cd ..",
    "a lock": "exec 9>d/lock; flock 9; some | svlogd -v d",
    "a lock that is a directory": "mkdir d/lock; some | svlogd -v d",
    "no right to the directory": "chmod 0 d; some | plain svlogd -v d; chmod 755 d",
    "no right to enter": "chmod 644 d; some | plain svlogd -v d; chmod 755 d",
    "no right to write": "chmod 555 d; some | plain svlogd -v d",
    "umask": "umask 077; some | svlogd d",
    "no end of line": "printf 'one\\ntwo' | svlogd d",
    "only no end of line": "printf two | svlogd -tt d",
    "a long one without an end": "(long 1500 | tr -d '\\n') | svlogd -tt d",
    "nothing comes": ": | svlogd -v d",
    "only ends of lines": "printf '\\n\\n\\n' | svlogd -tt d",
    "NULs": "echo '-a*b' >d/config; printf 'a\\0b\\n\\0\\n' | svlogd d",
    "a file as stdin": "some >i; svlogd -tt d <i",
    "a file, without its end": "printf 'a\\nb' >i; svlogd d <i",
    "a file, and files": "printf 's2000\\nn0\\n' >d/config; seq 1 9999 >i; svlogd d <i",
    "stdin is a device": "svlogd -v d </dev/null",
    "stdin is for writing": "svlogd -v d 0>x",
    "stdin is closed": "svlogd -v d <&-",
    "stderr is closed": "echo 'e*' >d/config; some | svlogd -v d 2>&-",
    "more is there": "echo x >d/README; some | svlogd d",
}
# In the background, with a fifo as stdin: `say` writes to it, `till` waits.
LIVE = (
    'mkfifo f; mkdir -p d; svlogd {} <f & pid=$!; exec 3>f; say() {{ printf "$@" >&3; }};'
    'till() {{ until eval "$1" 2>/dev/null; do sleep 0.01; done; }};'
    'has() {{ till "grep -q $1 d/current"; }};'
    # Before it sleeps the original notes a signal, and then sleeps all the same.
    "sig() {{ till 'grep -q State:.S /proc/$pid/status'; kill $1 $pid; }};"
    'heard() {{ till "grep -q $1 err"; }};'
    "opened() {{ grep -cE ': (append|new): ' err; }};"
    "hup() {{ before=$(opened); sig -HUP; till '[ $(opened) -gt $before ]'; }};"
    "over() {{ wait $pid; echo $?; exec 3>&-; show; }}; "
)
HEARD = "-v d 2>err"  # where a script waits for what is said
SIGNALS = {
    "TERM": ("-v d", "say 'a\\nb\\n'; has b; sig -TERM; over"),
    "TERM before anything": ("d", "till '[ -e d/current ]'; sig -TERM; over"),
    "TERM in a line": (HEARD, "say 'a\\nb'; has a; sig -TERM; heard sigterm; say 'c\\n'; over"),
    "TERM in a line that ends with stdin": (
        "-t d",
        ("say 'a\\nb'; has a; sig -TERM; exec 3>&-; over"),
    ),
    "KILL": ("d", "say 'a\\n'; has a; kill -KILL $pid; over 2>/dev/null; rm -f d/note"),
    "ALRM": (
        "d",
        ("say 'a\\n'; has a; sig -ALRM; till '[ -e d/@*.s ]'; say 'b\\n'; has b; sig -TERM; over"),
    ),
    "ALRM, nothing there": (
        HEARD,
        ("heard new; sig -ALRM; heard sigalarm; say 'a\\n'; has a; sig -TERM; over"),
    ),
    "INT": ("d", "say 'a\\n'; has a; sig -INT; sig -TERM; over"),
    "HUP": (
        HEARD,
        ("say 'a\\n'; has a; hup; say 'b\\n'; has b; sig -TERM; over"),
    ),
    "HUP, another config": (
        HEARD,
        ("say 'a\\n'; has a; echo pNEW: >d/config; hup; say 'b\\n'; has b; sig -TERM; over"),
    ),
    "HUP within a line": (
        HEARD,
        ("say 'a\\nb'; has a; hup; say 'c\\n'; has bc; sig -TERM; over"),
    ),
    "HUP, no directory": ("-v d", "say 'a\\n'; has a; rm -r d; sig -HUP; over"),
    "HUP, one of two": (
        "no d",
        (
            "say 'a\\n'; has a; mkdir no; sig -HUP; till '[ -e no/current ]'; "
            "say 'b\\n'; has b; sig -TERM; over"
        ),
    ),
    "age": (
        "d",
        (
            "say 'a\\n'; has a; echo t1 >d/config; sig -HUP; till '[ -e d/@*.s ]'; "
            "say 'b\\n'; has b; sig -TERM; over"
        ),
    ),
    "a processor": (
        HEARD,
        (
            "heard new; echo '!tr a-z A-Z' >d/config; hup; say 'a\\n'; has a; "
            "sig -ALRM; till '[ -e d/@*.s ]'; sig -TERM; over"
        ),
    ),
    "a processor that fails at first": (
        HEARD,
        (
            "heard new; echo '!mkdir ../once || tr a b' >d/config; hup; "
            "say 'a\\n'; has a;"
            "sig -ALRM; till '[ -e d/@*.s ]'; sig -TERM; over"
        ),
    ),
    "the end, while a processor is busy": (
        HEARD,
        (
            "heard new; echo '!until [ -e ../go ]; do sleep 0.01; done; cat' >d/config; hup; "
            ""
            "say 'a\\n'; has a; sig -ALRM; till '[ -e d/@*.u ]'; exec 3>&-; : >go; over"
        ),
    ),
}


@pytest.fixture
def compare(originals, needs, place):
    """Run a script with runit's svlogd and with ours, and compare everything that comes out."""
    theirs, ours = {"svlogd": needs("svlogd")}, {"svlogd": Path(originals) / "svlogd"}

    def compare(script):
        expected = outcome(place, theirs, START + script)
        assert b"Syntax error" not in b"".join(expected[2]), "the script is none"
        assert outcome(place, ours, START + script) == expected

    return compare


def each(scripts):
    """Parametrize with SCRIPTS, by their names."""
    return pytest.mark.parametrize("script", scripts.values(), ids=scripts.keys())


@each(CONFIGS)
def test_config(compare, script):
    """What a config file asks for, what was there before, and the files to the byte."""
    compare(script)


@each(CALLS)
def test_calls(compare, script):
    """Options, directories, and what may be stdin."""
    compare(f"mkdir d; {script}; echo $?; show")


@pytest.mark.parametrize("at", range(0, len(PATTERNS), TOGETHER))
def test_patterns(compare, at):
    """Which lines are selected, for the logs and for stderr: several directories at once."""
    script, names = "", []
    for number, rules in enumerate(PATTERNS[at : at + TOGETHER], at):
        alerts = [f"{'eE'[word[0] == '-']}{word[1:]}" for word in rules.split(" ") if word]
        words = " ".join(f"'{word}'" for word in [f"p{number}: ", *rules.split(" "), *alerts])
        script += f"conf {words}; mv d d{number}; "
        names.append(f"d{number}")
    compare(f"{script} some | svlogd {' '.join(names)}; show")


@each(SIGNALS)
def test_signals(compare, script):
    """TERM ends it, ALRM begins a new file, HUP has it read its config again."""
    words, rest = script
    compare(LIVE.format(words) + rest)
