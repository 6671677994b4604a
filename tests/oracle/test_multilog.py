"""multilog: the action language, the directories it leaves, and what it says."""

import pytest

# Whatever stands in the directories: modes, links, and content; stamps and the names of old
# files, which are stamps too, aside.
SHOW = (
    "show() { for f in $(find . -mindepth 2 -path './bin' -prune -o -type f -print"
    " | LC_ALL=C sort); do [ ${f#./bin} = $f ] || continue;"
    " echo \"$(echo $f | sed -E 's/@[0-9a-f]{24}/@/') $(stat -c '%A %h' $f)\";"
    " sed -E 's/@4[0-9a-f]{23}/@STAMP/g' $f; done; }; "
)
# Some lines: with blanks, empty, long, of bytes that are no UTF-8.
INPUT = (
    r"some() { printf 'one\nerror: two\n\n warning: three  \nerror\n: \nb\303\244r\377\n'; "
    r"printf '%s\n' 'a*b' '[x]' 'a.b' 'a\\b' '+plus' '-minus' 'error: last'; }; "
)
LONG = "long() { printf 'x%.0s' $(seq 1 $1); printf '%s\\n' \"$2\"; }; "
START = SHOW + INPUT + LONG

PATTERNS = [
    "-*", "+*", "-error*", "-error: *", "-*error*", "-* +error*", "-* +error: * -*two", "-one",
    "-* +one +one", "-on", "-one*", "- ", "-", "+", "-* +", "-*:*", "-*: *", "-**", "-***",
    "-* +*: t*", "-* +*:*e*", "-a*b", "-a**b", "-a.b", "-[x]", "-*]", "-a\\*", "-* +*\\*",
    "-* +*rr* -*tw*", "-+plus", "--minus", "-*u*", "-* +* *", "-*  ", "-* +*  *", "-*\\303*",
    "-*\\377", "-* +b\\303\\244r*", "-* -* +* -o* +one", "+one -*", "-error -error: two",
]  # fmt: skip
PLAIN = {
    "a directory": "some | multilog ./d; show",
    "stamps": "some | multilog t ./d; show",
    "t twice": "some | multilog t t ./d; show",
    "t is not first": "some | multilog ./a t ./b; show",
    "t and more": "some | multilog tx ./d; show",
    "no action": "some | multilog; echo $?",
    "an empty action": "some | multilog '' ./d; show",
    "unknown actions": "some | multilog x E T 1 2 zz ./d; show",
    "two directories": "some | multilog ./a ./b; show",
    "selected on the way": "some | multilog ./all '-*' '+error*' ./some '+*:*' ./more; show",
    "twice the same": "some | multilog ./d ./d; echo $?; show",
    "an absolute name": "some | multilog $PWD/d; show",
    "a slash at the end": "some | multilog ./d/; show",
    "dots": "mkdir d; cd d; some | multilog ../d/./e; cd ..; show",
    "the mode of a directory": "some | multilog ./d; stat -c %a d",
    "umask": "umask 077; some | multilog ./d =s; stat -c %a d s; show",
    "no end of line": "printf 'one\\ntwo' | multilog ./d; show",
    "only no end of line": "printf two | multilog t ./d; show",
    "nothing": ": | multilog ./d; show",
    "only ends of lines": "printf '\\n\\n\\n' | multilog t ./d; show",
    "NULs": "printf 'a\\0b\\n\\0\\n' | multilog ./d '-*\\0*' ./e; show",
    "a file as stdin": "some >i; multilog t ./d <i; show",
    "a file, without its end": "printf 'a\\nb' >i; multilog ./d <i; show",
    "stdin is closed": "multilog ./d <&-; echo $?; show",
    "stdin is a device": "multilog ./d </dev/null; echo $?; show",
    "stdin is for writing": "multilog ./d 0>x; echo $?; show",
    "e": "some | multilog e",
    "e, some": "some | multilog '-*' '+error*' e",
    "e, stamps": "some | multilog t e 2>&1 | sed -E 's/@4[0-9a-f]{23}/@STAMP/'",
    "e, long lines": "(long 199; long 200; long 201; long 5000 y) | multilog e",
    "e and more": "some | multilog eee",
    "e, no end of line": "printf a | multilog e",
    "status": "some | multilog =s; stat -c '%a %s' s; cat s",
    "status, some": "some | multilog '-*' '+error*' =s; cat s",
    "status, none": "some | multilog '-*' =s; stat -c '%a %s' s",
    "status, long": "(long 999 a; long 1000 b; long 1001 c) | multilog =s; cat s",
    "status, was there": "seq 1 1000 >s; chmod 640 s; some | multilog =s; stat -c '%a %s' s; cat s",
    "two status files": "some | multilog =a '-e*' =b; cat a b",
    "status, stamps": "some | multilog t =s; sed -E 's/@4[0-9a-f]{23}/@STAMP/' s",
    "no status file": "some | multilog =no/s; echo $?",
    "a nameless status file": "some | multilog =; echo $?",
    "a directory as status file": "mkdir s; some | multilog =s; echo $?",
    "status before directories": "some | multilog ./d =no/s; echo $?; ls",
    "long lines": "(long 1000 a; long 998 b; long 5000 c; long 9000) | multilog ./d; show",
    "long lines, patterns": (
        "(long 999 y; long 1000 y; long 999; long 3000 y)"
        " | multilog '-*y' ./a '+x*' '-*y*' ./b; show"
    ),
    "a pattern sees a thousand bytes": (
        'p=-$(long 1000); (long 1000; long 999; long 1001) | multilog "$p" ./d; show'
    ),
    "with its stamp": "(long 974 y; long 973 y) | multilog t '-*y' ./d; show",
    "patterns with stamps": "some | multilog t '-@*' '+* error*' ./d; show",
    "a lock": "mkdir d; exec 9>d/lock; flock 9; some | multilog ./d; echo $?",
    "a directory that cannot be made": "some | multilog ./no/d; echo $?",
    "a file as directory": ": >d; some | multilog ./d; echo $?",
    "a dangling link": "ln -s no d; some | multilog ./d; echo $?",
    "a lock that is a directory": "mkdir -p d/lock; some | multilog ./d; echo $?",
    "a state that is a directory": "mkdir -p d/state; some | multilog ./d; echo $?",
    "a current that is a directory": "mkdir -p d/current; some | multilog ./d; echo $?",
    "no right": "mkdir d; chmod 555 d; some | plain multilog ./d; echo $?",
    "no right to current": (
        "mkdir d; echo x >d/current; chmod 544 d/current; some | plain multilog ./d; echo $?; show"
    ),
    "more is there": "mkdir d; echo x >d/README; some | multilog ./d; show",
}  # fmt: skip
BEFORE = {
    "a clean end": "echo old | multilog ./d",
    "a crash": "mkdir d; echo old >d/current",
    "an empty current": "mkdir d; : >d/current",
    "a crash with a state": "mkdir d; echo old >d/current; echo s >d/state; echo n >d/newstate",
    "between two files": "mkdir d; echo prev >d/previous; chmod 744 d/previous",
    "a new one begun": "mkdir d; echo prev >d/previous; : >d/current",
    "being processed": (
        "mkdir d; echo prev >d/previous; echo part >d/processed; echo new >d/current"
    ),
    "processed": (
        "mkdir d; echo prev >d/previous; echo all >d/processed; chmod 744 d/processed;"
        "echo new >d/current"
    ),
    "processed and filed": (
        "mkdir d; echo all >d/processed; chmod 744 d/processed; ln d/processed d/@$S.s;"
        "echo new >d/current"
    ),
    "previous is filed": (
        "mkdir d; echo prev >d/previous; ln d/previous d/@$S.s; echo new >d/current"
    ),
    "many old ones": (
        "mkdir d; for i in 1 2 3 4 5; do echo $i >d/@${S%?}$i.s; done; echo x >d/current"
    ),
    "names that are none": "mkdir d; echo 1 >d/@short; echo 2 >d/x$S.s; echo x >d/current",
}
AGAIN = "S=400000003b4a39c23294b13c; {}; find d -type f | xargs chmod u+rw; printf 'a\\nb\\n' | "
FILES = ["./d", "n2 ./d", "n3 t ./d", "s4096 n5 ./d", "'!tr a-z A-Z' ./d"]
ROTATING = {
    "many files": "seq 10000 99999 | multilog s4096 n1000 ./d; cat d/@* d/current | cksum",
    "whole lines": (
        "seq 10000 99999 | multilog s4096 n1000 ./d;"
        "for f in d/@*; do tail -c 1 $f | od -c; done | sort -u; stat -c '%A %h' d/@* | sort -u"
    ),
    "how many are kept": "seq 1 99999 | multilog s4096 n4 ./d; ls d/@* | wc -l; ls d | grep -vc @",
    "two at the least": "seq 1 99999 | multilog s4096 n1 ./d; ls d/@* | wc -l",
    "n0": "seq 1 99999 | multilog s4096 n0 ./d; ls d/@* | wc -l",
    "n of nothing": "seq 1 99999 | multilog s4096 n ./d; ls d/@* | wc -l",
    "ten": "seq 1 99999 | multilog s4096 ./d; ls d/@* | wc -l",
    "a size too small": "seq 1 500 | multilog s1 ./d; ls d/@* 2>/dev/null | wc -l; show",
    "a size of nothing": "seq 1 500 | multilog s ./d; show",
    "a size too large": "seq 1 500 | multilog s99999999999 ./d; show",
    "trailing junk": "seq 1 99999 | multilog s4096k n3files ./d; ls d/@* | wc -l",
    "each its own": (
        "seq 1 9999 | multilog s4096 n100 ./a s100000 ./b;"
        "ls a/@* | wc -l >/dev/null; ls b; cat a/@* a/current | cmp - b/current && echo same"
    ),
    "one long line": "long 20000 | multilog s4096 n100 ./d; cat d/@* d/current | cksum",
    "a processor": (
        "seq 10000 99999 | multilog s16384 n1000 '!tr 0-9 a-j' ./d;"
        "cat d/@* | head -c 1000; ls d/@* | sed 's/.*\\.//' | sort -u;"
        "stat -c '%A %h' d/@* | sort -u"
    ),
    "its state": (
        "seq 10000 99999 | multilog s16384 n1000"
        " '!n=$(cat <&4); n=$((n + 1)); echo $n >&5; wc -l >/dev/null; echo file $n' ./d;"
        "cat d/@* | head -n 5; ls d | grep -v @"
    ),
    "its directory and what it inherits": (
        "seq 10000 19999 | multilog s65536 n9 '!pwd | sed s,.*/,,; ls /proc/self/fd | wc -l >&2;"
        " cat >/dev/null' ./d 2>/dev/null; cat d/@* | head -n 1"
    ),
    "the next directory has none": (
        "seq 10000 19999 | multilog s32768 n9 '!tr 0-9 a-j' ./a '!' ./b; cat a/@* | head -n 2;"
        "cat b/@* | head -n 2"
    ),
}
# In the background, with a fifo as stdin: `say` writes to it, `until` waits.
LIVE = (
    'mkfifo f; multilog {} <f & pid=$!; exec 3>f; say() {{ printf "$@" >&3; }};'
    'till() {{ until eval "$1" 2>/dev/null; do sleep 0.01; done; }};'
    # The original loses a signal that comes just before it sleeps.
    "caught='^SigCgt:.*[4-7c-f]...$|^State:.S';"
    'tell() {{ till \'[ $(grep -cE "$caught" /proc/$pid/status) = 2 ]\'; kill "$@" $pid; }};'
    "over() {{ wait $pid; echo $?; exec 3>&-; show; }}; "
)
SIGNALS = {
    "TERM": ("./d", "say 'a\\nb\\n'; till 'grep -q b d/current'; tell; over"),
    "TERM before anything": ("./d", "tell; over"),
    "TERM in a line": (
        "./d",
        "say 'a\\nb'; till 'grep -q a d/current'; tell; say 'c\\n'; over",
    ),
    "TERM in a line that ends with stdin": (
        "t ./d",
        "say 'a\\nb'; till 'grep -q a d/current'; tell; exec 3>&-; wait $pid; echo $?; show",
    ),
    "ALRM": (
        "./d",
        (
            "say 'a\\n'; till 'grep -q a d/current'; tell -ALRM; till '[ -e d/@*.s ]';"
            "say 'b\\n'; till 'grep -q b d/current'; tell; over"
        ),
    ),
    "ALRM, a processor": (
        "'!tr a b' ./d",
        (
            "say 'a\\n'; till 'grep -q a d/current'; tell -ALRM; till '[ -e d/@*.s ]';"
            "exec 3>&-; wait $pid; show"
        ),
    ),
    # The shell says "Hangup" only if it has not heard of the end before it waits.
    "HUP": (
        "./d",
        "say 'a\\n'; till 'grep -q a d/current'; exec 2>/dev/null; tell -HUP; over",
    ),
    "INT": ("./d", "say 'a\\n'; till 'grep -q a d/current'; tell -INT; kill $pid; over"),
    "a processor that fails at first": (
        "'!mkdir ../once || tr a b' ./d",
        (
            "say 'a\\n'; till 'grep -q a d/current'; tell -ALRM; till '[ -e d/@*.s ]';"
            "exec 3>&-; wait $pid; show"
        ),
    ),
}


def each(scripts):
    """Parametrize with SCRIPTS, by their names."""
    return pytest.mark.parametrize("script", scripts.values(), ids=scripts.keys())


@each(PLAIN)
def test_actions(compare, script):
    """What stands in files, what is said, and the code."""
    compare(START + script)


@pytest.mark.parametrize("rules", PATTERNS)
@pytest.mark.parametrize("first", ["", "t "], ids=["", "stamped"])
def test_patterns(compare, first, rules):
    """Which lines are selected."""
    words = " ".join(f"\"$(printf '{word}')\"" for word in rules.replace("%", "%%").split(" "))
    compare(START + f"some | multilog {first}{words} ./d; show")


@pytest.mark.parametrize("then", FILES)
@each(BEFORE)
def test_what_was_there_before(compare, script, then):
    """After a clean end, a crash, and at each step of a change of files."""
    compare(START + AGAIN.format(script) + f"multilog {then}; show")


@each(ROTATING)
def test_rotation(compare, script):
    """How many files there are, and that all is in them."""
    compare(START + script)


@each(SIGNALS)
def test_signals(compare, script):
    """TERM ends it with the line that has begun, ALRM begins a new file."""
    actions, rest = script
    compare(START + LIVE.format(actions) + rest)
