"""What the values of options and keys may be; a wrong one is a ValueError in zdaemon's words."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BLANKS = dict.fromkeys(map(ord, "\t\r\n"), " ")


def words(text: str) -> list[str]:
    """The words of TEXT, at blanks: a quote is a letter like any other."""
    return text.split()


def shell_words(text: str) -> list[str]:
    """The words of TEXT as a shell takes them: what is quoted stays together."""
    if not any(letter in text for letter in "'\"\\"):
        # The module takes longer than all the rest of a command line.
        return [word for word in text.translate(BLANKS).split(" ") if word]
    import shlex

    return shlex.split(text)


def list_of_ints(text: str) -> list[int]:
    """The numbers in TEXT, at commas; none for an empty one."""
    return [int(word) for word in text.split(",")] if text else []


def octal_type(text: str) -> int:
    """TEXT as a mode is written."""
    mode = int(text, 8)
    if not 0 <= mode <= 0o777:
        raise ValueError(f"no umask: {text!r}")
    return mode


def seconds(text: str) -> float:
    """A number of seconds, which may have a fraction."""
    number = float(text)
    if not 0 <= number < 1e9:
        raise ValueError(f"no number of seconds: {text!r}")
    return number


def existing_parent_directory(text: str) -> str:
    """A directory that is there, or can be made in one that is; ~ is somebody's home."""
    path = os.path.expanduser(text)
    if os.path.isdir(path) or os.path.isdir(os.path.dirname(path.rstrip("/")) or "."):
        return path
    raise ValueError(f"{text} is not an existing directory")


def existing_parent_dirpath(text: str) -> str:
    """A file in such a directory."""
    path = os.path.expanduser(text)
    above = os.path.dirname(os.path.dirname(path))
    if not above or os.path.isdir(above):
        return path
    raise ValueError(f"The directory named as part of the path {text} does not exist.")


def transcript(text: str) -> str:
    """A file in a directory that is there, such a directory with a /, or a place of pysissylog."""
    scheme, colon, _ = text.partition(":")
    if colon and scheme.isalnum():
        return text
    path = os.path.expanduser(text)
    above = os.path.dirname(path.rstrip("/"))
    if not above or os.path.isdir(above):
        return path
    raise ValueError(f"The directory named as part of the path {text} does not exist.")


# Under what names a schema finds them: zdaemon's own, since schemas of others name those.
BY_NAME: "dict[str, Callable[[str], object]]" = {
    f"zdaemon.zdoptions.{convert.__name__}": convert
    for convert in (
        list_of_ints,
        octal_type,
        existing_parent_directory,
        existing_parent_dirpath,
        seconds,
        transcript,
    )
}
