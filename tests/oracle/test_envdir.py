"""envdir: what the files of a directory do to the environment, and how it says no."""

import pytest

SAME = {
    "a file sets a variable": "mkdir d; echo value >d/NAME; envdir d probe",
    "an empty file removes a variable": "mkdir d; : >d/A; export A=1 B=2; envdir d probe",
    "the last variable moves into the gap": (
        "mkdir d; : >d/B; exec env - A=1 B=2 C=3 D=4 bin/envdir d bin/probe"
    ),
    "the first variable can go": "mkdir d; : >d/A; exec env - A=1 B=2 C=3 bin/envdir d bin/probe",
    "the last variable can go": "mkdir d; : >d/C; exec env - A=1 B=2 C=3 bin/envdir d bin/probe",
    "the only variable can go": "mkdir d; : >d/A; exec env - A=1 bin/envdir d bin/probe",
    "what is not set can be removed": "mkdir d; : >d/A; envdir d probe",
    "what is set again comes last": (
        "mkdir d; echo 9 >d/B; exec env - A=1 B=2 C=3 D=4 bin/envdir d bin/probe"
    ),
    "many files, in the directory's order": (
        "mkdir d; for i in $(seq 50); do echo $i >d/V$i; done; : >d/V7; envdir d probe"
    ),
    "a directory without files": "mkdir d; envdir d probe",
    "a newline alone is the empty string": "mkdir d; echo >d/A; envdir d probe",
    "the newline may be missing": "mkdir d; printf value >d/A; envdir d probe",
    "only the first line counts": r"mkdir d; printf 'one\ntwo\n' >d/A; envdir d probe",
    "an empty first line counts too": r"mkdir d; printf '\ntwo\n' >d/A; envdir d probe",
    "blanks and tabs at the end go": r"mkdir d; printf 'v \t \n' >d/A; envdir d probe",
    "blanks at the end go without a newline": r"mkdir d; printf 'v \t ' >d/A; envdir d probe",
    "blanks at the start stay": r"mkdir d; printf ' \t v\n' >d/A; envdir d probe",
    "blanks alone are the empty string": r"mkdir d; printf ' \t\n' >d/A; envdir d probe",
    "a carriage return stays": r"mkdir d; printf 'v\r\n' >d/A; envdir d env | od -c",
    "a blank before it stays": r"mkdir d; printf 'v \r\n' >d/A; envdir d env | od -c",
    "form feed and vertical tab stay": r"mkdir d; printf 'v\f\v\n' >d/A; envdir d env | od -c",
    "a NUL becomes a newline": r"mkdir d; printf 'a\0b\0\0c\n' >d/A; envdir d probe",
    "a NUL at the end stays": r"mkdir d; printf 'a\0' >d/A; envdir d probe",
    "a NUL alone": r"mkdir d; printf '\0' >d/A; envdir d probe",
    "blanks after a NUL go": r"mkdir d; printf 'a\0 \n' >d/A; envdir d probe",
    "blanks before a NUL stay": r"mkdir d; printf 'a \0\n' >d/A; envdir d probe",
    "bytes that are no UTF-8": r"mkdir d; printf '\377\376\200\n' >d/A; envdir d probe",
    "a value with = in it": "mkdir d; echo B=C=D >d/A; envdir d probe",
    "a name with = in it": "mkdir d; echo v >d/A=B; export A=1; envdir d probe",
    "an empty file with = in its name": "mkdir d; : >d/A=B; export A=1; envdir d probe",
    "a name that begins with =": "mkdir d; echo v >d/=A; envdir d probe",
    "two names that begin with =": "mkdir d; echo v >d/=A; echo w >d/=B; envdir d probe",
    "a name that begins with = is handed on": (
        "mkdir d e; echo v >d/=A; envdir d env LC_ALL=C.UTF-8 envdir e probe"
    ),
    "names that no shell could have": (
        "mkdir d; for n in a.b a-b 1a 'a b' ä + @ '*' -i; do echo v >\"d/$n\"; done; envdir d probe"
    ),
    "a name that is no UTF-8": r"mkdir d; echo v >d/$(printf '\377'); envdir d probe",
    "a name with a newline": 'mkdir d; echo v >"d/a\nb"; envdir d probe',
    "files with a dot in front are left alone": "mkdir d; echo v >d/.A; : >d/.LAST; envdir d probe",
    "so are directories with a dot in front": "mkdir -p d/.git; echo v >d/A; envdir d probe",
    "a name that CPython may set": "mkdir d; echo POSIX >d/LC_CTYPE; envdir d probe",
    "removing a name that CPython may set": (
        "mkdir d; : >d/LC_CTYPE; exec env - LC_CTYPE=C.UTF-8 A=1 bin/envdir d bin/probe"
    ),
    "a value of 100 kB": (
        "mkdir d; head -c 100000 /dev/zero | tr '\\0' x >d/A; envdir d env | md5sum"
    ),
    "a value of more than the kernel takes": (
        "mkdir d; head -c 140000 /dev/zero | tr '\\0' x >d/A; envdir d probe"
    ),
    "more values than the kernel takes": (
        "mkdir d; for i in $(seq 70); do head -c 100000 /dev/zero | tr '\\0' x >d/A$i; done;"
        "envdir d probe"
    ),
    "a fifo that nobody writes to removes": "mkdir d; mkfifo d/A; export A=1; envdir d probe",
    "a device": "mkdir d; ln -s /dev/null d/A; export A=1; envdir d probe",
    "a link to a file": "mkdir d; echo v >f; ln -s ../f d/A; envdir d probe",
    "a directory in it is an error": "mkdir -p d/A; envdir d probe",
    "a link in a circle is an error": "mkdir d; ln -s A d/A; envdir d probe",
    "a missing directory": "envdir d probe",
    "a file in its place": "echo v >d; envdir d probe",
    "a link in a circle in its place": "ln -s d d; envdir d probe",
    "the empty name": "envdir '' probe",
    "a name that is too long": "envdir $(printf %0300d 0) probe",
    "-i is a directory": "envdir -i probe",
    "-- is a directory": "mkdir ./--; echo v >--/A; envdir -- probe",
    "--help is a directory": "envdir --help probe",
    "a slash at the end": "mkdir d; echo v >d/A; envdir d/ probe",
    "an absolute name": 'mkdir d; echo v >d/A; envdir "$PWD/d" probe',
    "the directory one is in": "mkdir d; cd d; echo v >A; envdir . probe",
    "a directory that is gone": "mkdir d x; echo v >d/A; cd x; rmdir ../x; envdir ../d probe",
    "PATH is set but not used": "mkdir d; echo /nowhere >d/PATH; envdir d probe",
    "PATH is removed but still used": "mkdir d; : >d/PATH; envdir d probe",
    "two in a row": "mkdir d e; echo 1 >d/A; echo 2 >e/A; : >e/LAST; envdir d envdir e probe",
    "arguments are handed on": "mkdir d; envdir d probe '' 'a b' -- -n '*'",
    "no arguments": "envdir",
    "no program": "mkdir d; envdir d",
    "an empty argument for the program": "mkdir d; envdir d ''",
    "an environment of nothing": "mkdir d; echo v >d/A; exec env - bin/envdir d bin/probe",
    "a file that may not be read": "mkdir d; echo v >d/A; chmod 0 d/A; plain envdir d probe",
    "a directory that may not be read": "mkdir d; chmod 0311 d; plain envdir d probe",
    "a directory that may not be entered": "mkdir d; chmod 0600 d; plain envdir d probe",
    "a current directory that may not be read": (
        'mkdir d x; cd x; chmod 0311 .; plain envdir "${PWD%/x}/d" probe'
    ),
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_envdir(compare, script):
    """Called by the original's name it does what the original does."""
    compare(script)
