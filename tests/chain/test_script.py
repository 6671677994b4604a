"""pychain: one link a line, each read when its turn comes."""

import pytest

MODES = pytest.mark.parametrize(
    "env", [{}, {"PYDAEMONTOOLS_NOFUSE": "1"}], ids=["fused", "not fused"]
)


@pytest.fixture
def chain(run, place, script):
    """Run a chain script with this text; what comes out."""

    def chain(text, *args, first="#!/usr/bin/env pychain\n", **more):
        script(place / "run", first + text)
        return run("./run", *args, **more)

    return chain


@MODES
@pytest.mark.parametrize(
    "shebang", ["#!/usr/bin/env pychain", "#!{scripts}/pychain", "#! {scripts}/pychain "]
)
def test_shebang(chain, scripts, env, shebang):
    """A script is run by its first line, by a name on PATH or by an absolute one."""
    first = shebang.format(scripts=scripts) + "\n"
    assert chain("pysetlock l\necho 'a  b'", first=first, env=env).stdout == b"a  b\n"


@MODES
def test_arguments(chain, env):
    """What stands after the script comes after the last line's words, untouched."""
    result = chain("pysetlock l\nprintf '<%s>' a", "b c", "", "$A", "--", "-x", "#", env=env)
    assert result.stdout == b"<a><b c><><$A><--><-x><#>"


@MODES
def test_arguments_of_one_line(chain, env):
    """So it is where the first line is the last."""
    assert chain("echo", "--", "--help", env=env).stdout == b"-- --help\n"


@MODES
def test_text(run, env):
    """-c takes the script from the command line, and arguments after it."""
    assert run("pychain", "-c", "pysetlock l\necho a", "b", env=env).stdout == b"a b\n"
    assert run("pychain", "-cecho a", "--", "-n", env=env).stdout == b"a -n\n"


@MODES
def test_the_line_sees_what_came_before(chain, place, fill, env):
    """A variable has the value that the lines before gave it, and not a later one."""
    fill(place / "d", {"A": b"1\n"})
    fill(place / "e", {"A": b"2\n"})
    env = env | {"A": "0"}
    text = "env B=$A pyenvdir ./d\nenv C=$A pyenvdir ./e\nsh -c 'echo $A $B $C '$A"
    assert chain(text, env=env).stdout == b"2 0 1 2\n"


@MODES
def test_values_are_one_word(chain, env):
    """A value is not split again, not expanded again and no option of the shell's."""
    env = env | {"A": "a  'b' $B *", "B": "no", "E": ""}
    result = chain("pysetlock l\nprintf '<%s>' $A \"$A\" $E x$none", env=env)
    assert result.stdout == b"<a  'b' $B *>" * 2 + b"<><x>"


@MODES
def test_a_variable_as_the_program(chain, env):
    """The program's name may be a variable, also with a blank in it."""
    assert chain("pysetlock l\n$A hi", env=env | {"A": "echo"}).stdout == b"hi\n"
    result = chain("pysetlock l\n$A", env=env | {"A": "echo no"})
    assert result.stderr.startswith(b"pychain: fatal: unable to run echo no: file does not exist")


@MODES
def test_the_script_is_read_once(chain, env):
    """What becomes of the file while the chain is under way does not matter."""
    text = "sh -c 'rm run; exec \"$@\"' x\npysetlock l\necho $A still here"
    assert chain(text, env=env).stdout == b" still here\n"


@MODES
def test_continued_lines_and_comments(chain, env):
    """Comments, empty lines and continued lines are no lines."""
    text = "\n# one\npysetlock \\\n  -n \\\n  l # two\n\n\techo a\\\nb # three\n# four"
    assert chain(text, env=env).stdout == b"ab\n"


@MODES
def test_scripts_in_scripts(chain, place, script, env):
    """A line may be another chain script."""
    script(place / "inner", "#!/usr/bin/env pychain\npysetlock -n l\nprintf '<%s>' $A\n")
    env = env | {"A": "x y"}
    assert chain("pypgrphack\n./inner b", "c", env=env).stdout == b"<x y><b><c>"


@MODES
def test_another_path(chain, place, script, env):
    """A line is looked for on the PATH that the line before was started with, as ever."""
    script(place / "bin/hello", "#!/bin/sh\necho $PATH $1\n")
    (place / "d").mkdir()
    (place / "d/PATH").write_text("/usr/bin:/bin")
    assert chain("pyenvdir d hello", "x", env=env).stdout == b"/usr/bin:/bin x\n"
    result = chain("pyenvdir d pysetlock l\nhello", "x", env=env)
    assert result.returncode == 111
    assert b"unable to run hello: file does not exist" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("touch ran\necho $(date)", "line 3: a chain has no shell in it, so quote the $("),
        ("touch ran\necho a |\ncat", "line 3: a chain has no shell in it, so quote the |"),
        ("touch ran\npyenvdir \\\n d\n;", "line 5: a chain has no shell in it, so quote the ;"),
        ("touch ran\necho 'a\n", "line 3: a ' is never closed"),
        ("touch ran\r\n", "line 2: it ends in a carriage return"),
        ("touch ran\n#\0", "line 3: it holds a NUL byte"),
        ("", "no line of it holds a command"),
        ("\n # touch ran\n", "no line of it holds a command"),
    ],
)
def test_bad_script(chain, place, text, said):
    """A bad line is told with its number, and nothing has been run."""
    result = chain(text)
    assert result.returncode == 100
    assert result.stderr.decode().startswith(f"pychain: fatal: ./run: {said}")
    assert not (place / "ran").exists()


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_byte_order_mark(run, place, check):
    """What an editor put before the text, and nobody sees, is told."""
    (place / "f").write_text("\ufeffecho no\n")
    result = run("pychain", *check, "f")
    said = "f: line 1: it begins with a byte order mark: save the file without one"
    assert (result.returncode, result.stderr.decode()) == (100, f"pychain: fatal: {said}\n")


def test_usage(run):
    """Without a script it is wrong usage."""
    result = run("pychain")
    synopsis = "pychain: usage: pychain [--check] {file | -c text} [arg ...]\n"
    wanted = synopsis + "pychain: say which script to run: a file, or -c TEXT\n"
    assert (result.returncode, result.stderr.decode()) == (100, wanted)
    assert run("pychain", "--check").stderr.decode() == wanted
    assert run("pychain", "-x", "f").stderr.decode() == "pychain: illegal option -- x\n" + synopsis
    assert b"option requires an argument -- c" in run("pychain", "-c").stderr


@pytest.mark.parametrize(("name", "why"), [("nonesuch", "file does not exist"), (".", "is a")])
def test_unreadable(run, name, why):
    """A script that cannot be read is an error of the system's."""
    result = run("pychain", name)
    assert result.returncode == 111
    assert result.stderr.decode().startswith(f"pychain: fatal: unable to read {name}: {why}")


def test_file_with_a_dash(run, place):
    """After -- a script may be called what it likes."""
    (place / "-c").write_text("echo a")
    assert run("pychain", "--", "-c", "b").stdout == b"a b\n"


def test_by_the_module(run, python):
    """Called as a part of the module it does the same."""
    assert run(*python, "pychain", "-c", "pysetlock l\necho a").stdout == b"a\n"
