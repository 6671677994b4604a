"""Options, beside Python's own module for them."""

import getopt

from hypothesis import given
from hypothesis import strategies as st

from pydaemontools.zdaemon import command_line
from pydaemontools.zdaemon.datatypes import shell_words

LETTERS = "ab:C:h"
NAMES = ["all", "allow=", "backoff-limit=", "help", "he"]
SHORT = ["-", "-a", "-ab", "-b", "-bx", "-aC", "-C=", "-z", "-:", "-h", "3", "start"]
LONG = ["--", "--all", "--allo", "--allow", "--al", "--allow=x", "--all=x", "--backoff", "--none"]
LONG += ["--backoff-limit=4", "--h", "--he", "--help", "--hel", "--="]
WORDS = st.lists(st.sampled_from(SHORT + LONG), max_size=5)


def outcome(module, argv):
    """What MODULE makes of ARGV."""
    errors = (getopt.GetoptError, command_line.BadOption)
    try:
        return module.getopt(argv, LETTERS, NAMES)
    except errors as error:
        return str(error)


@given(WORDS)
def test_options_are_those_of_getopt(argv):
    """Kind: an option, its value or its error is not what zdaemon made of it."""
    assert outcome(command_line, argv) == outcome(getopt, argv)


@given(st.text(alphabet="ab \t\n\r\v\fü\xa0\u2003$*#;'\"\\", max_size=12))
def test_words_are_those_of_a_shell(text):
    """B-18. Kind: words without a quote are split otherwise than those with one."""
    import shlex

    try:
        wanted = shlex.split(text)
    except ValueError:
        return
    assert shell_words(text) == wanted
