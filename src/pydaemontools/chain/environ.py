"""Changing the environment as the originals do."""


def edit(environ: dict[bytes, bytes], entries: list[bytes]) -> None:
    """Apply ENTRIES to ENVIRON in turn: NAME=VALUE sets a variable, NAME alone removes it.

    The order is djb's, who keeps the environment in an array: the last variable moves
    into the place of one that goes, and a new value comes at the end.
    """
    pairs = list(environ.items())
    for entry in entries:
        # A name may begin with "=", as anything may be a file's name.
        at = entry.find(b"=", 1)
        name = entry if at < 0 else entry[:at]
        for i, (there, _) in enumerate(pairs):
            if there == name:
                last = pairs.pop()
                if i < len(pairs):
                    pairs[i] = last
                break
        if at >= 0:
            pairs.append((name, entry[at + 1 :]))
    environ.clear()
    environ.update(pairs)
