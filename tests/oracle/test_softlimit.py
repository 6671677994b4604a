"""softlimit: every letter with every kind of number, and the memory a program cannot live in."""

import itertools

import pytest

SHOW = "cat /proc/self/limits"
# What each letter can be set to with cat still able to run.
LETTERS = {
    "a": 100000000,
    "c": 1000,
    "d": 100000000,
    "f": 100000,
    "l": 64000,
    "m": 100000000,
    "o": 50,
    "p": 60000,
    "r": 1000,
    "s": 4000000,
    "t": 100,
}
NUMBERS = {
    "a number": "{n}",
    "an equals sign": "=",
    "the largest number": "18446744073709551615",
    "a number that wraps around": "42949672964294967296000000000{n}",
    "leading zeros": "000{n}",
    "no number": "x",
    "a number and more": "{n}x",
    "a negative number": "-1",
}
SAME = {
    "a number in the next word": f"softlimit -c 5 {SHOW}",
    "-m sets four": f"softlimit -m 100000000 {SHOW}",
    "-a after -m": f"softlimit -m 100000000 -a 200000000 {SHOW}",
    "-m after -a": f"softlimit -a 200000000 -m 100000000 {SHOW}",
    "the last of two counts": f"softlimit -c 7 -c 5 -c 6 {SHOW}",
    "several letters": f"softlimit -c5 -o20 -t 9 -f =  {SHOW}",
    "letters do not cluster": f"softlimit -c5o20 {SHOW}",
    "two in a row": f"softlimit -c5 softlimit -o20 {SHOW}",
    "a lower hard limit counts": f"ulimit -c 8; softlimit -c 1000000 {SHOW}",
    "and for infinity": f"ulimit -c 8; softlimit -c 18446744073709551615 {SHOW}",
    "= raises to the hard limit": f"ulimit -S -c 0; softlimit -c = {SHOW}",
    "a number raises too": f"ulimit -S -c 0; softlimit -c 100 {SHOW}",
    "-m = undoes -m": f"softlimit -m 90000000 softlimit -m = {SHOW}",
    "the empty string is 0: -c": f"softlimit -c '' {SHOW}",
    "the empty string is 0: -f": f"softlimit -f '' {SHOW}",
    "the empty string is 0: -l": f"softlimit -l '' {SHOW}",
    "the empty string is 0: -r": f"softlimit -r '' {SHOW}",
    "a plus sign": f"softlimit -c +5 {SHOW}",
    "a blank before the number": f"softlimit -c ' 5' {SHOW}",
    "a blank after the number": f"softlimit -c '5 ' {SHOW}",
    "hexadecimal": f"softlimit -c 0x10 {SHOW}",
    "= and more": f"softlimit -c =5 {SHOW}",
    "digits that are not ASCII": f"softlimit -c ٣ {SHOW}",
    "no files": "softlimit -o 0 /bin/true",
    "three files": "softlimit -o 3 /bin/true",
    "four files": "softlimit -o 4 /bin/true",
    "few files, and a link": "mkdir d; softlimit -o 5 envdir d /bin/true",
    "few files, and none to run": "softlimit -o 3 nonesuch",
    "few files, and none left for a link": "mkdir d; softlimit -o 4 envdir d /bin/true",
    "few files, and no lock": "softlimit -o 4 envdir . setlock l/l /bin/true",
    "a file that grows too large": "softlimit -f 10 sh -c 'echo 12345678901234567890 >f'; echo $?",
    "no file may grow, and a link": "mkdir d; softlimit -f 0 envdir d sh -c 'echo x >f'; echo $?",
    "no file may grow, and all links": (
        "mkdir d; softlimit -f 0 envdir d envuidgid root pgrphack softlimit -c0 probe"
    ),
    "memory for a link that is ours": f"mkdir d; softlimit -m 3000000 envdir d {SHOW}",
    "memory across three links": f"mkdir d; softlimit -a 9000000 envdir d pgrphack {SHOW}",
    "memory across a foreign program": f"mkdir d; softlimit -d 90000000 env A=1 envdir d {SHOW}",
    "a small stack takes fewer arguments": "softlimit -s 600000 /bin/echo $(seq 50000)",
    "no program found with little memory": "softlimit -m 300000 nonesuch",
    "no program given": "softlimit",
    "only an option": "softlimit -c 5",
    "the argument of the last is missing": "softlimit -c 5 -o",
    "an unknown option": f"softlimit -q {SHOW}",
    "an unknown option after a bad number": f"softlimit -c x -q {SHOW}",
    "an unknown option before a bad number": f"softlimit -q -c x {SHOW}",
    "a missing argument after a bad number": "softlimit -c x -o",
    "a bad number and no program": "softlimit -c x",
    "-- ends the options": f"softlimit -c 5 -- {SHOW}",
    "- is a program": "softlimit -c 5 - x",
    "--help": "softlimit --help",
    "-h with a number": f"softlimit -h 5 {SHOW}",
}
LETTER = {
    f"-{letter} with {kind}": f"softlimit -{letter}{form.format(n=n)} {SHOW}"
    for (letter, n), (kind, form) in itertools.product(LETTERS.items(), NUMBERS.items())
}
# Memory in which even a small C program is killed, fails or works.
TINY = {
    f"-{letter} {size} for a small program": f"softlimit -{letter} {size} /bin/true; echo $?"
    for letter, size in itertools.product("adms", (1, 100000, 300000, 1000000, 3000000))
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_softlimit(compare, script):
    """Called by the original's name it does what the original does."""
    compare(script)


@pytest.mark.parametrize("script", LETTER.values(), ids=LETTER)
def test_each_letter(compare, script):
    """Each letter reads its number as the original does and sets the same limits."""
    compare(script)


@pytest.mark.parametrize("script", TINY.values(), ids=TINY)
def test_tiny(compare, script):
    """What a program meets is the limit, not the memory that an interpreter took before it."""
    compare(script)
