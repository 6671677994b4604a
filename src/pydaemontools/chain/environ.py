"""Changing the environment as the originals do."""


def edit(environ: dict[bytes, bytes], entries: list[bytes]) -> None:
    """Apply ENTRIES to ENVIRON in turn: NAME=VALUE sets a variable, NAME alone removes it.

    The order is djb's, who keeps the environment in an array: the last variable moves
    into the place of one that goes, and a new value comes at the end.
    """
    pairs = list(environ.items())
    for entry in entries:
        name = entry.partition(b"=")[0]
        for i, (there, _) in enumerate(pairs):
            if there.partition(b"=")[0] == name:
                last = pairs.pop()
                if i < len(pairs):
                    pairs[i] = last
                break
        # Anything may be a file's name. CPython takes the one that begins with "=" as part
        # of a longer name, where for djb all of those are the variable without a name.
        at = entry.find(b"=", 1)
        if at >= 0:
            pairs.append((entry[:at], entry[at + 1 :]))
    environ.clear()
    environ.update(pairs)
