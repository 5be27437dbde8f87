"""The lock of a log: on the file itself, whatever it is called, and gone with the process.

Optuna's own locks are files beside it: not seen through a link, and left behind by a kill.
"""

import contextlib
import errno
import os
import sys
import warnings
from pathlib import Path

from hpotutor._system import write_whole

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_BEYOND = 2**30  # Windows lets nobody read a byte that is locked: one that no log reaches


class FileLock:
    """Holds a file, made if need be, for one search alone; ``BlockingIOError`` if another does."""

    def __init__(self, path: Path) -> None:
        self.path, self._held = path, self._take(path)

    @staticmethod
    def _take(path: Path) -> int:
        while True:
            held = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                _lock(held)
                if sys.platform == "win32" or os.path.samestat(os.fstat(held), os.stat(path)):
                    return held
            except BaseException:
                os.close(held)
                raise
            os.close(held)  # who had it before put a mended file in its place

    def replace(self, content: bytes) -> None:
        """Put another file in the place of this one, as a whole, and hold that."""
        if sys.platform == "win32":  # an open file cannot be replaced there: nobody gets between
            self.release()
        before = self._held
        write_whole(Path(os.path.realpath(self.path)), content)  # not in the place of a link
        self._held = self._take(self.path)
        _close(before)

    def release(self) -> None:
        """Let another search have it."""
        _close(self._held)
        self._held = -1


def _lock(held: int) -> None:
    try:
        if sys.platform == "win32":
            os.lseek(held, _BEYOND, os.SEEK_SET)
            msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        else:  # not lockf, which lets go as soon as this process closes the file anywhere
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            raise BlockingIOError(*error.args) from error
        warnings.warn(  # some network drives have no locks
            f"The log cannot be locked where it is ({error.strerror}). See to it that no other "
            "search writes it meanwhile.",
            stacklevel=2,
        )


def _close(held: int) -> None:
    if held >= 0:
        if sys.platform != "win32":  # a forked process may still have it open
            with contextlib.suppress(OSError):  # of a drive without locks
                fcntl.flock(held, fcntl.LOCK_UN)
        os.close(held)
