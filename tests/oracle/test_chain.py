"""Several of the originals in a row, mixed with programs of other kinds."""

import pytest

SAME = {
    "the chain of a service": (
        "mkdir d; echo v >d/A; envdir d setlock -n l softlimit -c0 -o100 pgrphack fghack probe"
    ),
    "backwards": "mkdir d; echo v >d/A; fghack pgrphack softlimit -c0 setlock l envdir d probe",
    "an env directory twice": "mkdir d; echo v >d/A; : >d/LAST; envdir d env LAST=2 envdir d probe",
    "PATH set by one counts for the next": (
        "mkdir d e; echo $PWD/e:/usr/bin:/bin >d/PATH; ln -s ../bin/probe e/other;"
        "envdir d pgrphack other"
    ),
    "a link lost by a PATH is not found": (
        "mkdir d; echo /nonesuch >d/PATH; envdir d pgrphack setlock l probe"
    ),
    "PATH set by two": (
        "mkdir d e; echo /nonesuch >d/PATH; echo $PATH >e/PATH;"
        "envdir d bin/envdir e setlock l probe"
    ),
    "links with a slash": "mkdir d; bin/envdir d ./bin/setlock l bin/pgrphack bin/probe",
    "an absolute link": 'mkdir d; envdir d "$PWD/bin/setlock" l probe',
    "a foreign program between": "mkdir d; echo v >d/A; envdir d env B=2 setlock l nice -n 3 probe",
    "a shell between": "mkdir d; echo v >d/A; envdir d sh -c 'A=${A}w exec setlock l probe'",
    "a failure in the middle": "mkdir d; envdir d setlock l/l softlimit -c0 probe; echo $?; ls",
    "wrong usage in the middle": "mkdir d; setlock l softlimit -q envdir d probe; echo $?; ls",
    "a link without arguments at the end": "mkdir d; envdir d setlock l pgrphack; echo $?; ls",
    "one word too few": "setlock l envdir; echo $?",
    "the lock outlives a failure before exec only": "setlock l nonesuch; setlock -n l echo free",
    "two locks, the second held": "setlock b sh -c 'setlock a setlock -n b true; echo $?'",
    "two locks, the second held, and -x": "setlock b sh -c 'setlock a setlock -nx b true; echo $?'",
    "a limit, then a chain": "mkdir d; softlimit -c0 -f 1000000 envdir d setlock l probe",
    "a program of the same name in front": (
        "mkdir d x; echo '#!/bin/sh\necho mine $*' >x/setlock; chmod +x x/setlock;"
        "PATH=$PWD/x:$PATH; envdir d setlock l probe"
    ),
    "a link that may not be run in front": (
        "mkdir d x; echo mine >x/setlock; PATH=$PWD/x:$PATH; envdir d setlock l probe"
    ),
    "a program ends a link by another name": "ln -s setlock bin/other; pgrphack other l probe",
    "what a program prints and how it ends": (
        "mkdir d; echo 5 >d/A; envdir d setlock l sh -c 'echo $A; echo $A >&2; exit $A'"
    ),
    "a long chain": "mkdir d; " + "envdir d pgrphack softlimit -c5 " * 20 + "probe",
    "the same lock in a long chain": "setlock l pgrphack setlock -n l probe; echo $?",
    "stdin goes through": "mkdir d; echo text | envdir d setlock l softlimit -c0 cat",
    "an account, then what it may do": (
        "mkdir d; echo v >d/A; envuidgid nobody envdir d sh -c 'echo $UID $GID $A'"
    ),
}


@pytest.mark.parametrize("script", SAME.values(), ids=SAME)
def test_chain(compare, script):
    """A chain of ours gives its program what the chain of originals gives it."""
    compare(script)
