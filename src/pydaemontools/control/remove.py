"""pysv remove: end services and their loggers, and remove what pysv has made of them."""

import posix
from errno import EAGAIN
from fcntl import LOCK_EX, LOCK_NB, flock

from ..base import cli, shared_dir
from ..base.printable import plain
from ..base.reach import KIND, SYMLINK
from ..base.service_dirs import is_template
from ..base.shared_dir import DIRECTORY
from ..base.write import show
from ..supervise.new_directory import MADE, beside, kept_logs
from .contents import Contents, check_tree, remove_all
from .hint import hint
from .person_steps import limit
from .service_end import ServiceEnd
from .service_names import meant
from .servicefiles import Trouble
from .services import find, looked, places

SYNOPSIS = b"pysv remove [-fj] [-w seconds] [--purge] service ..."
USAGE = (SYNOPSIS, SYNOPSIS)
LETTERS, WORDS = b"fw:", (b"purge",)
REMOVED = b".removed"
SHOWN = 5  # names of files that are in the way


def main(who: bytes, given: dict[bytes, bytes], rest: list[bytes]) -> int:
    """Do it, one after the other; how often it failed."""
    if not rest:
        raise cli.usage(who, USAGE, hint=b"say which service")
    seconds = limit(who, USAGE, given)
    records, failed = [], 0
    for name in meant(rest):
        trouble, left = None, b""
        ending = ServiceEnd(seconds, force=b"f" in given)
        try:
            left = remove(find(name).rstrip(b"/"), ending, purge=b"purge" in given)
        except Trouble as error:
            trouble = error
            failed += 1
        finally:
            ending.close()
        words = trouble.words() if trouble else b""
        if b"json" not in given:
            said = name + b": " + (words or b"removed" + (b"; " + left if left else b""))
            show((b"fail: " if trouble else b"ok: ") + plain(said) + b"\n")
        if trouble and trouble.error:
            _help(who, name, trouble)
        result = b"fail" if trouble else b"ok"
        records.append({"service": name, "result": result, "error": words, "kept": left})
    if b"json" in given:
        from .fields import objects

        show(objects(records))
    return min(failed, 99)


def _help(who: bytes, name: bytes, trouble: Trouble) -> None:
    there = posix.access(find(name), posix.F_OK)
    sentence = hint(places(name), trouble.error) if there else looked(places(name))
    if sentence:
        cli.say(who + b": " + sentence)


def remove(directory: bytes, ending: ServiceEnd, *, purge: bool) -> bytes:
    """End the service in DIRECTORY, and remove it; what is said of what stays.

    Raises Trouble; then nothing is removed, but what the system refused halfway.
    """
    if directory.rpartition(b"/")[2] in (b"", b".", b".."):
        raise Trouble(b"not removed, as that is no name: give its own, or ../ and its name")
    found = directory if _is_there(directory) else _left(directory, purge=purge)
    try:
        if posix.lstat(found).st_mode & KIND == SYMLINK:
            return _remove_link(found, ending)
        at = posix.open(found, DIRECTORY)
    except OSError as error:
        raise Trouble(b"unable to change to service directory", error) from None
    lock = _lock(at)
    try:
        if found == beside(directory, REMOVED):
            # One that was killed had come so far.
            _rename(found, directory)
            found = directory
        return _remove(found, at, ending, purge=purge)
    finally:
        posix.close(at)
        if lock >= 0:
            posix.close(lock)


def _is_there(path: bytes) -> bool:
    return posix.access(path, posix.F_OK, follow_symlinks=False)


def _left(directory: bytes, *, purge: bool) -> bytes:
    """What is left of the service that was in DIRECTORY, or that; raises Trouble."""
    left, aside = beside(directory, b""), beside(directory, REMOVED)
    if _is_there(aside):
        return aside
    if not kept_logs(left):
        return directory
    if not purge:
        raise Trouble(b"only its log is left, in " + left + b"; --purge removes that")
    return left


def _lock(at: int) -> int:
    """An fd by which no other removes what is in AT; -1 if pysv has not made it. Raises Trouble."""
    try:
        fd = shared_dir.open_file(MADE, posix.O_RDONLY, at)
    except OSError:
        return -1
    try:
        flock(fd, LOCK_EX | LOCK_NB)
    except OSError as error:
        posix.close(fd)
        if error.errno == EAGAIN:
            raise Trouble(b"another pysv is removing it") from None
        raise Trouble(b"unable to lock its file .pysv", error) from None
    return fd


def _remove(directory: bytes, at: int, ending: ServiceEnd, *, purge: bool) -> bytes:
    """End the service in DIRECTORY, which AT is, and remove it; as remove()."""
    _check(directory, at, purge=purge)
    aside = beside(directory, REMOVED)
    _put_aside(directory, aside, ending)
    try:
        _check(directory, at, purge=purge)
        return _remove_aside(directory, aside, at, purge=purge)
    except Trouble:
        _rename(aside, directory)
        raise


def _check(directory: bytes, at: int, *, purge: bool) -> None:
    """Raise Trouble unless all in DIRECTORY, which AT is, may be removed."""
    if is_template(directory):
        _check_instances(directory)
    try:
        contents = Contents(at)
        if purge:
            check_tree(at)
    except FileNotFoundError:
        what = b"pysv has not made it, so it is not removed; `pysv shutdown` ends the service"
        raise Trouble(what) from None
    except OSError as error:
        raise Trouble(b"unable to look through its directory", error) from None
    if contents.others and not purge:
        more = len(contents.others) - SHOWN
        shown = b" ".join(contents.others[:SHOWN]) + (b" and %d more" % more if more > 0 else b"")
        what = b"not removed, as there is what pysv has not made: "
        raise Trouble(what + shown + b"; --purge removes that too")
    left = beside(directory, b"")
    if not purge and contents.written() and _is_there(left):
        raise Trouble(b"not removed, as its log would be kept in " + left + b", which is there")
    above = directory.rpartition(b"/")[0] or (b"/" if directory[:1] == b"/" else b".")
    if not posix.access(above, posix.W_OK | posix.X_OK):
        raise Trouble(b"not removed, as " + above + b" may not be written to")
    if not posix.access(b".", posix.W_OK | posix.X_OK, dir_fd=at):
        raise Trouble(b"not removed, as " + directory + b" may not be written to")


def _check_instances(directory: bytes) -> None:
    """Raise Trouble where a service has its files from the template in DIRECTORY."""
    above, slash, name = directory.rpartition(b"/")
    try:
        beside_it = posix.listdir(above + slash or b".")
    except OSError:
        beside_it = []
    ours = [one for one in sorted(beside_it) if one.startswith(name) and one != name]
    if ours:
        shown = b" ".join(ours[:SHOWN])
        raise Trouble(b"not removed, as it is the template of " + shown + b": remove that first")


def _put_aside(directory: bytes, aside: bytes, ending: ServiceEnd) -> None:
    """End the service in DIRECTORY, which no scanner sees then: it is ASIDE. Raises Trouble."""
    ending.service(directory)
    try:
        posix.rename(directory, aside)
    except OSError as error:
        ending.undo(directory)
        raise Trouble(b"unable to rename it to " + aside, error) from None
    try:
        ending.supervisors(aside)
    except Trouble:
        _rename(aside, directory)
        raise


def _rename(aside: bytes, directory: bytes) -> None:
    """Have what is ASIDE back in its place; raises Trouble."""
    try:
        posix.rename(aside, directory)
    except OSError as error:
        raise Trouble(b"unable to rename " + aside + b" to " + directory, error) from None


def _remove_aside(directory: bytes, aside: bytes, at: int, *, purge: bool) -> bytes:
    """Remove what is ASIDE, which AT is; what is said of what stays. Raises Trouble."""
    try:
        if purge:
            remove_all(at)
            kept = []
        else:
            contents = Contents(at)
            kept = contents.written()
            contents.remove(kept)
        if not kept:
            posix.rmdir(aside)
            return b""
    except OSError as error:
        raise Trouble(b"unable to remove all of it", error) from None
    left = beside(directory, b"")
    _rename(aside, left)
    return b"its log is kept in " + b" ".join(left + b"/" + path for path in kept)


def _remove_link(link: bytes, ending: ServiceEnd) -> bytes:
    """Remove the LINK to a service directory, which is somebody's; raises Trouble."""
    try:
        target = posix.readlink(link)
        if not posix.access(link, posix.F_OK):
            what = b"not removed, as it is a link to nothing, " + target
            raise Trouble(what + b": rm removes it, and `pysvscanctl -n` ends what runs on")
        home = posix.open(b".", posix.O_PATH | posix.O_CLOEXEC)
        try:
            posix.chdir(link)
            directory = posix.getcwdb()
            posix.fchdir(home)
        finally:
            posix.close(home)
    except OSError as error:
        raise Trouble(b"unable to follow the link", error) from None
    ending.service(directory)
    try:
        posix.unlink(link)
    except OSError as error:
        ending.undo(directory)
        raise Trouble(b"unable to remove the link", error) from None
    try:
        ending.supervisors(directory)
    except Trouble:
        posix.symlink(target, link)
        raise
    return b"it was a link, and " + directory + b" is kept"
