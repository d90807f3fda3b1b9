"""The records of a `.wandb` file: blocks of 32 KiB as in LevelDB's log, with a plain CRC-32.

https://github.com/google/leveldb/blob/main/doc/log_format.md
"""

from __future__ import annotations

import struct
from dataclasses import field, replace
from pathlib import Path
from zlib import crc32

import numpy as np

from tuimon.core.batch import Problem
from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.decimal_text import WORD
from tuimon.sources.tailed_file import Chunk, TailedFile
from tuimon.sources.wandb_file import FILE_HEADER
from tuimon.sources.wandb_stretches import BLOCK_BYTES, FULL, HEADER_BYTES, Stretch, StretchFinder

MAX_RECORD_BYTES = 64 << 20
"""A longer record is skipped."""

MARGIN = 32
"""So many bytes lie before the first record of a block: whoever reads whole words may begin before it."""

_HEADER = struct.Struct("<IHB")
_FIRST, _MIDDLE, _LAST = 2, 3, 4
# Fewer bytes are read faster record by record.
_FEWEST_BYTES = 4096
_MOST_PROBLEMS = 10
_CUT_OFF = "the last record is cut off; it is read when the rest is written"


def _no_places() -> Int64Array:
    return np.empty(0, np.int64)


@frozen(eq=False)
class RecordBlock:
    """Whole and intact records, in their order. Those that hold nothing to be read may be left out.

    Attributes:
        data: The records, in their order, behind `MARGIN` bytes and before a word.
        begins: int64[n], where in `data` each one begins.
        ends: int64[n], where it ends.
        offsets: int64[n], where in the file each one begins.
        numbers: int64[n], which one of all records it is, counted from 0.
        count: How many records there are, those that were left out among them.
        new_generation: The file was replaced or rewritten: these are the records of another file.
        more: Whether another read would bring more at once.
        bytes_read: By how many bytes the reader came further in the file.
    """

    data: bytes = b""
    begins: Int64Array = field(default_factory=_no_places)
    ends: Int64Array = field(default_factory=_no_places)
    offsets: Int64Array = field(default_factory=_no_places)
    numbers: Int64Array = field(default_factory=_no_places)
    count: int = 0
    new_generation: bool = False
    more: bool = False
    bytes_read: int = 0


class _Found:
    """The records of one read, on their way into one buffer."""

    def __init__(self) -> None:
        self._count = 0
        self._records: list[bytes | memoryview] = []
        # Where the headers of these begin, and which of all records they are.
        self._begins: list[int] = []
        self._numbers: list[int] = []

    def take(self, record: bytes, begin: int) -> None:
        """Take a record; its header began at `begin`, which may lie before the chunk."""
        self._records.append(record)
        self._begins.append(begin)
        self._numbers.append(self._count)
        self._count += 1

    def take_all(self, stretch: Stretch) -> None:
        """Take the records of a stretch."""
        before = self._count - stretch.first
        self._records += stretch.records
        self._begins += stretch.begins
        self._numbers += [number + before for number in stretch.numbers]
        self._count += stretch.count

    def block(self, offset: int) -> RecordBlock:
        """Return the records; the chunk began at `offset`."""
        lengths = np.array(list(map(len, self._records)), np.int64)
        ends = MARGIN + np.cumsum(lengths)
        return RecordBlock(
            b"".join([bytes(MARGIN), *self._records, bytes(WORD)]),
            ends - lengths,
            ends,
            np.array(self._begins, np.int64) + offset,
            np.array(self._numbers, np.int64),
            self._count,
        )


class WandbLog:
    """Reads the records of one `.wandb` file, also while it is being written.

    A damaged record is left out; behind it goes on what follows it if that is intact, else the next block.
    What is not whole, and NUL bytes at the end, count as not written yet.
    """

    def __init__(self, path: Path) -> None:
        self._tail = TailedFile(path)
        self._problems: list[Problem] = []
        self._found = _Found()
        self._start_again()

    @property
    def path(self) -> Path:
        """The file."""
        return self._tail.path

    @property
    def size(self) -> int:
        """Size of the file in bytes, as last seen."""
        return self._tail.size

    def read(self, max_bytes: int) -> RecordBlock:
        """Read up to `max_bytes` on and return the records that are whole by now. Never raises."""
        before = self._tail.position
        # A piece of a record that is not whole is read again, so a read has to be longer than any piece.
        chunk = self._tail.read(max(max_bytes, 2 * BLOCK_BYTES))
        if chunk.problem:
            self._problems.append(chunk.problem)
        if chunk.new_generation:
            self._start_again()
            before = 0
        self._found = _Found()
        if chunk.data:
            self._tail.reread_from(chunk.offset + self._scan(chunk))
        if not chunk.more:
            self._report_cut_off()
        return replace(
            self._found.block(chunk.offset),
            new_generation=chunk.new_generation,
            more=chunk.more,
            bytes_read=max(0, self._tail.position - before),
        )

    def take_problems(self) -> list[Problem]:
        """Return the problems since the last call."""
        problems, self._problems = self._problems, []
        return problems

    def report(self, message: str, offset: int) -> None:
        """Note a damaged place; when there are many, the rest is summed up."""
        self._damage_count += 1
        if self._damage_count == _MOST_PROBLEMS:
            message = f"{message}; there are more damaged places, which are not listed"
        if self._damage_count <= _MOST_PROBLEMS:
            self._problems.append(Problem(str(self.path), message, offset))

    def _start_again(self) -> None:
        self._parts: list[bytes] = []  # of a record that goes on in the next block
        self._parts_offset = 0
        self._resume_at = 0  # what lies before this place is skipped
        self._damage_count = 0
        self._unfinished_at: int | None = None
        self._cut_off_at: int | None = None

    def _scan(self, chunk: Chunk) -> int:
        """Take the records of a chunk; return how many of its bytes are done with."""
        data, offset = chunk.data, chunk.offset
        end = len(data)
        written = end if chunk.more else len(data.rstrip(b"\0"))
        at = max(0, self._resume_at - offset)
        if offset == 0:
            if end < len(FILE_HEADER) and FILE_HEADER.startswith(data[:written]):
                return 0
            if not data.startswith(FILE_HEADER):
                self.report("does not begin like a .wandb file; it is read as one all the same", 0)
            at = len(FILE_HEADER)
        finder = StretchFinder(data, offset) if end >= _FEWEST_BYTES else None
        while at < written:
            block_end = at + BLOCK_BYTES - (offset + at) % BLOCK_BYTES
            at = self._take_intact(data, offset, at, min(block_end, end), finder)
            if block_end - at < HEADER_BYTES:
                at = block_end  # padding
                continue
            behind = _behind_damage(data, at, block_end)
            last = written if not chunk.more and behind is not None else end
            if behind is None or at >= written or min(behind, block_end) > last:
                break  # not whole, or its end may not be written yet
            if chunk.more and block_end > end:
                break  # what is damaged is judged with its whole block
            self.report("a damaged record was skipped", offset + at)
            self._parts = []
            at = behind
        self._resume_at = offset + at
        self._unfinished_at = self._parts_offset if self._parts else offset + at if at < written else None
        return min(at, end)

    def _take_intact(
        self, data: bytes, offset: int, at: int, block_end: int, finder: StretchFinder | None
    ) -> int:
        """Take the intact pieces of a block from `at` on; return where they end."""
        view = memoryview(data)
        while at + HEADER_BYTES <= block_end:
            stretch = finder.find(at) if finder is not None and not self._parts else None
            if stretch is not None:
                self._found.take_all(stretch)
                at = stretch.stop
                continue
            checksum, length, kind = _HEADER.unpack_from(data, at)
            stop = at + HEADER_BYTES + length
            is_intact = stop <= block_end and crc32(view[at + HEADER_BYTES - 1 : stop]) == checksum
            if not is_intact or not FULL <= kind <= _LAST:
                break
            self._join(kind, bytes(view[at + HEADER_BYTES : stop]), offset, at)
            at = stop
        return at

    def _join(self, kind: int, piece: bytes, offset: int, at: int) -> None:
        """Take a piece of a record, or a record that comes where the piece before it was to go on."""
        if kind in (FULL, _FIRST):
            if self._parts:
                self.report("a record that does not go on was skipped", self._parts_offset)
            self._parts, self._parts_offset = [piece], offset + at
        elif self._parts:  # else its beginning was damaged, which was told
            self._parts.append(piece)
        if kind in (FULL, _LAST) and self._parts:
            self._found.take(b"".join(self._parts), self._parts_offset - offset)
            self._parts = []
        elif sum(map(len, self._parts)) > MAX_RECORD_BYTES:
            self.report(f"a record of more than {MAX_RECORD_BYTES} bytes was skipped", self._parts_offset)
            self._parts = []

    def _report_cut_off(self) -> None:
        begin = self._unfinished_at
        if begin is not None and begin != self._cut_off_at and self._tail.is_settled:
            self._cut_off_at = begin
            self.report(_CUT_OFF, begin)


def _behind_damage(data: bytes, at: int, block_end: int) -> int | None:
    """Return where reading goes on behind a piece that is not intact; None if it is not whole yet.

    That is the piece behind it if its length seems right and that piece is intact, else the next block.
    """
    stop = _plausible_stop(data, at, block_end)
    if stop is None or stop > len(data):
        return None if stop is None or stop <= block_end else block_end
    if stop > block_end or stop == len(data) or block_end - stop < HEADER_BYTES:
        return min(stop, block_end)
    next_stop = _plausible_stop(data, stop, block_end)
    if next_stop is None or len(data) < next_stop <= block_end:
        return None
    is_intact = next_stop <= block_end and _HEADER.unpack_from(data, stop)[0] == crc32(
        data[stop + 6 : next_stop]
    )
    return stop if is_intact else block_end


def _plausible_stop(data: bytes, at: int, block_end: int) -> int | None:
    """Return where the piece at `at` ends, beyond the block if it cannot be one; None if it is not whole."""
    if at + HEADER_BYTES > len(data):
        return None
    _, length, kind = _HEADER.unpack_from(data, at)
    return at + HEADER_BYTES + int(length) if FULL <= kind <= _LAST else block_end + 1
