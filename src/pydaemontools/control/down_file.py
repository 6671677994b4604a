"""The file `down` of services: whether each starts when its supervisor does."""

import posix

from ..base import cli, shared_dir
from ..base.printable import plain
from ..base.service_dirs import is_service
from ..base.write import show
from .hint import hint
from .service_names import services
from .servicefiles import Trouble
from .services import find, looked, places

DONE = {
    True: b"disabled: it is not started with its supervisor; pysv stop ends it now",
    False: b"enabled: it is started with its supervisor; pysv start starts it now",
}


def change(
    who: bytes, usage: "cli.Usage", given: dict[bytes, bytes], names: list[bytes], *, down: bool
) -> int:
    """Make or remove the file of the services NAMES; how often that failed."""
    if not names and b"all" not in given:
        raise cli.usage(who, usage, hint=b"say which service, or --all")
    names = services(names)
    records, failed = [], 0
    for name in names:
        trouble = None
        try:
            _change(find(name), name, down=down)
        except Trouble as error:
            trouble = error
            failed += 1
        words = trouble.words() if trouble else b""
        records.append({"service": name, "result": b"fail" if trouble else b"ok", "error": words})
        if b"json" not in given:
            said = name + b": " + (words or DONE[down])
            show((b"fail: " if trouble else b"ok: ") + plain(said) + b"\n")
        sentence = hint(places(name), trouble.error) if trouble else b""
        if sentence:
            cli.say(who + b": " + sentence)
    if b"json" in given:
        from .fields import objects

        show(objects(records))
    return min(failed, 99)


def _change(directory: bytes, name: bytes, *, down: bool) -> None:
    doing = b"unable to change to service directory"
    try:
        at = shared_dir.open_directory(directory)
    except OSError as error:
        raise Trouble(doing, error) from None
    try:
        if not is_service(directory):
            where = looked(places(name))
            what = b"it is no service directory: it holds no run"
            raise Trouble(what + (b"; " + where if where else b""))
        doing = b"unable to make the file down" if down else b"unable to remove the file down"
        if down and not _is_down(at):
            posix.close(shared_dir.make_file(b"down", posix.O_WRONLY, at, mode=0o644))
        elif not down and posix.access(b"down", posix.F_OK, dir_fd=at, follow_symlinks=False):
            shared_dir.remove(b"down", at)
    except OSError as error:
        raise Trouble(doing, error) from None
    finally:
        posix.close(at)


def _is_down(at: int) -> bool:
    """Whether a supervisor would see the file in the directory AT: a link to nothing is none."""
    try:
        posix.stat(b"down", dir_fd=at)
    except FileNotFoundError:
        return False
    return True
