"""What a shell that stood before us did not hand on, where it could not pass a copy of it all.

The header of an installed script says what it knows (see data/entry.sh).
"""

# What shells, or CPython, set whoever called them: it counts only where the header saw it too.
OWN = b"PWD", b"OLDPWD", b"SHLVL", b"_", b"LC_CTYPE"
UNKNOWN = b"!"  # is no entry: the header could not tell


def give_back(environ: dict[bytes, bytes], encoded: bytes) -> bool:
    """Add to ENVIRON the entries that the header found; whether it found all that were lost."""
    from binascii import a2b_base64

    for name in OWN:
        environ.pop(name, None)
    block = a2b_base64(encoded)
    for entry in block.split(b"\0"):
        at = entry.find(b"=", 1)
        if at > 0:
            environ[entry[:at]] = entry[at + 1 :]
    return block.rstrip(b"\n")[-1:] != UNKNOWN


def is_whole(environ: dict[bytes, bytes], text: bytes) -> bool:
    """Whether ENVIRON has all that was in it as TEXT, without ends of entries and lines.

    What is not in TEXT was put there by the shell, or the interpreter, and goes.
    """
    if text == UNKNOWN:
        return False
    pairs = [(name.replace(b"\n", b"") + b"=", name) for name in environ]
    for start, name in pairs:
        if start not in text:
            del environ[name]
    entries = [name + b"=" + value for name, value in environ.items()]
    # The longest first: a short one may be part of another.
    for entry in sorted(entries, key=len, reverse=True):
        text = text.replace(entry.replace(b"\n", b""), b"", 1)
    return b"=" not in text
