"""Reading on in files that other programs are still writing."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import time
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.core.frozen import frozen

BLOCK_BYTES = 4 << 20
"""The most that one read takes: large enough for numpy, small enough for a slice of a busy thread."""

_FINGERPRINT_BYTES = 64
_BULK_BYTES = 1 << 20
_PAGE_BYTES = 4096
# A network file system may answer `stat` from its cache for as long as a minute; opening the file asks anew.
_QUIET_POLLS_PER_OPEN = 8
_SETTLED_AFTER_S = 60.0
_NO_ACCESS_TIME = getattr(os, "O_NOATIME", 0)


@frozen
class ProblemOver(Problem):
    """Says that a problem of the same path and message, which was reported before, is over."""


@frozen
class Chunk:
    """What one read of a file brought.

    Attributes:
        data: The bytes; empty if there are no new ones, or if they were read into memory of the caller's.
        offset: Where in the file the bytes begin.
        new_generation: The file was replaced, rewritten or cut: the bytes begin another file (at offset 0),
            and an unfinished record of the former one will never be completed.
        more: Whether another read would bring more at once.
        problem: What is wrong with the file. Each change for the worse is reported once, and so is its end.
        filled: How many bytes were read into memory of the caller's.
    """

    data: bytes
    offset: int
    new_generation: bool = False
    more: bool = False
    problem: Problem | None = None
    filled: int = 0


class TailedFile:
    """A file that grows, is cut, replaced, removed or not there yet, read block by block.

    No descriptor stays open between reads, so thousands of files can be followed; a poll of a quiet file
    is one `stat`. The file is never mapped into memory: a truncation would kill the process.

    A file is the same as before if the bytes at its start and before the place reached so far are the
    same (so a copy that is renamed over it, as rsync does, goes on where it was) and it is not shorter
    than that place. Otherwise it is a new generation and is read from its start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = _size_of(path)
        self._offset = 0
        self._inode: tuple[int, int] | None = None
        self._head = b""
        self._before = b""
        self._seen: tuple[int, int, int, int] | None = None
        self._quiet_polls = 0
        self._trouble = ""
        self._over: list[ProblemOver] = []
        self._restart = ""

    @property
    def position(self) -> int:
        """Where the next read begins, in bytes from the start of the file."""
        return self._offset

    @property
    def is_settled(self) -> bool:
        """Whether the file has not changed for a minute, so that nobody seems to be writing it."""
        return self._seen is not None and time.time() - self._seen[3] / 1e9 > _SETTLED_AFTER_S

    def read(
        self, max_bytes: int = BLOCK_BYTES, *, whole_bytes: int = 0, into: memoryview | None = None
    ) -> Chunk:
        """Return up to `max_bytes` bytes (never more than `BLOCK_BYTES`) from where the last read stopped.

        Never raises: a file that cannot be read gives an empty chunk with a problem, and is tried again
        by the next call.

        Args:
            max_bytes: Less is brought at the end of the file.
            whole_bytes: At least so much is brought if the file holds it, for a record that is only of use
                in one piece.
            into: Memory that takes the bytes instead of `Chunk.data`, and no more than it holds. Memory that
                was used before costs nothing; for a new block the system clears page after page.
        """
        try:
            found = self.path.stat()
            if not stat.S_ISREG(found.st_mode):
                return self._failed("is not a regular file and was not read")
            if self._is_quiet(found):
                return Chunk(b"", self._offset, problem=self._next_over())
            most = max(1, min(max_bytes, BLOCK_BYTES), whole_bytes)
            return self._read_block(most if into is None else min(most, len(into)), into)
        except (FileNotFoundError, NotADirectoryError):
            return self._failed("is gone; what was read from it is kept" if self._inode else "does not exist")
        except PermissionError:
            return self._failed("may not be read by this user; it is tried again (see its permissions)")
        except (OSError, ValueError) as error:
            return self._failed(f"could not be read and is tried again: {error}")

    def reread_from(self, offset: int) -> None:
        """Go back to `offset`, which is not beyond the place reached.

        The next read begins there; at the end of the file, only when the file has changed. For bytes that
        make no sense yet: the first part of a record, or NUL bytes at the end, which on a network file
        system are often not written yet.
        """
        back = self._offset - offset
        self._before = self._before[: max(0, len(self._before) - back)]
        self._offset = offset

    def _is_quiet(self, found: os.stat_result) -> bool:
        if _signature(found) != self._seen:
            self._quiet_polls = 0
            return False
        self._quiet_polls = (self._quiet_polls + 1) % _QUIET_POLLS_PER_OPEN
        return self._quiet_polls != 0

    def _read_block(self, max_bytes: int, into: memoryview | None) -> Chunk:
        descriptor = _open(self.path)
        try:
            found = os.fstat(descriptor)
            if _signature(found) == self._seen:
                return Chunk(b"", self._offset, problem=self._next_over())
            self._recognise(descriptor, found)
            start = self._offset
            wanted, data, filled = min(max_bytes, found.st_size - start), b"", 0
            if into is None:
                data = _pread(descriptor, wanted, start)
                last = data[-_FINGERPRINT_BYTES:]
            else:
                filled = _read_into(into[: max(wanted, 0)], descriptor, start)
                last = bytes(into[max(0, filled - _FINGERPRINT_BYTES) : filled])
            size = len(data) + filled
            if size >= _BULK_BYTES:
                _release_cache(descriptor, start, size)
        finally:
            os.close(descriptor)
        self.size = found.st_size
        self._offset += size
        self._before = (self._before + last)[-_FINGERPRINT_BYTES:]
        more = size > 0 and self._offset < found.st_size
        self._seen = None if more else _signature(found)
        self._end_trouble()
        restart, self._restart = self._restart, ""
        problem = Problem(str(self.path), restart) if restart else self._next_over()
        return Chunk(data, start, new_generation=bool(restart), more=more, problem=problem, filled=filled)

    def _recognise(self, descriptor: int, found: os.stat_result) -> None:
        """Find out whether this is the file as it was left, and start again if it is not."""
        inode = (found.st_dev, found.st_ino)
        head = _pread(descriptor, _FINGERPRINT_BYTES, 0)
        before = _pread(descriptor, len(self._before), self._offset - len(self._before))
        is_shorter = found.st_size < self._offset
        if is_shorter or not (_continues(self._head, head) and _continues(self._before, before)):
            fact = "became shorter" if is_shorter else "was rewritten"
            if inode != self._inode:
                fact = "was replaced"
            self._restart = f"{fact} and is read from its start again; what was read before is kept"
            self._offset = 0
            self._before = b""
        self._head = head
        self._inode = inode

    def _failed(self, message: str) -> Chunk:
        self._seen = None
        if message == self._trouble:
            return Chunk(b"", self._offset, problem=self._next_over())
        self._end_trouble()
        self._trouble = message
        # It is not over any more, should nobody have heard yet that it was.
        self._over = [over for over in self._over if over.message != message]
        return Chunk(b"", self._offset, problem=Problem(str(self.path), message))

    def _end_trouble(self) -> None:
        if self._trouble:
            self._over.append(ProblemOver(str(self.path), self._trouble))
            self._trouble = ""

    def _next_over(self) -> Problem | None:
        """Return a problem whose end was not reported yet."""
        return self._over.pop(0) if self._over else None


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # the first read says what is wrong
        return 0


def _open(path: Path) -> int:
    # O_NONBLOCK: a pipe that took the file's place must not block the thread.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        return os.open(path, flags | _NO_ACCESS_TIME)
    except PermissionError:  # only a file's owner may leave its access time alone
        return os.open(path, flags)


def _pread(descriptor: int, size: int, offset: int) -> bytes:
    """Return `size` bytes from `offset`, or less at the end of the file."""
    data = os.pread(descriptor, max(size, 0), offset)
    while 0 < len(data) < size:
        rest = os.pread(descriptor, size - len(data), offset + len(data))
        if not rest:
            break
        data += rest
    return data


def _read_into(room: memoryview, descriptor: int, offset: int) -> int:
    """Fill `room` from `offset` on, or less of it at the end of the file; return how many bytes came."""
    filled = 0
    with io.FileIO(descriptor, closefd=False) as file:
        file.seek(offset)
        while filled < len(room):
            count = file.readinto(room[filled:])
            if not count:
                break
            filled += count
    return filled


def _release_cache(descriptor: int, offset: int, length: int) -> None:
    """Leave the page cache to the training: what was read in bulk is not read again.

    But for the two pages in which a file is recognised: the first one, and the last one until now.
    """
    if hasattr(os, "posix_fadvise"):
        begin, end = max(offset - _PAGE_BYTES, _PAGE_BYTES), offset + length - _FINGERPRINT_BYTES
        with contextlib.suppress(OSError):
            os.posix_fadvise(descriptor, begin, end - begin, os.POSIX_FADV_DONTNEED)


def _continues(remembered: bytes, now: bytes) -> bool:
    """Return whether `now` still begins with `remembered`; NUL bytes may have been filled since."""
    if now.startswith(remembered):
        return True
    return len(now) >= len(remembered) and all(
        old in (0, new) for old, new in zip(remembered, now, strict=False)
    )


def _signature(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
