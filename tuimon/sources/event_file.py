"""One TensorBoard event file: its whole and intact records, as far as they are written."""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import Path

import numpy as np

from tuimon.core.batch import Problem
from tuimon.core.columns import Int64Array
from tuimon.core.framing import HEADER_BYTES, intact, masked_crc
from tuimon.core.frozen import frozen
from tuimon.sources.frame_scan import FrameScanner
from tuimon.sources.gzip_tail import GzipTail
from tuimon.sources.tailed_file import TailedFile

VERIFIED_BYTES = 16 << 20
"""Up to here every record's checksum is verified on the first pass too; that costs a few milliseconds."""

_MOST_PROBLEMS = 10


def _no_frames() -> Int64Array:
    return np.empty(0, np.int64)


@frozen(eq=False)
class RecordBlock:
    """Whole records of an event file, in their order.

    Attributes:
        block: The bytes in which the records stand.
        offset: Where in the file `block` begins.
        begins: int64[n], where in `block` each frame begins; its record begins `HEADER_BYTES` later.
        lengths: int64[n], the length of each record in bytes.
        verified: How many of the records, from the first on, are known to be what was written.
        new_generation: The file was replaced or rewritten: these are the records of another file.
        more: Whether another read would bring more at once.
        bytes_read: By how many bytes the reader came further in the file on the disk.
        bytes_scanned: By how many it came further in what the file holds, which gzip may have made small.
    """

    block: bytes = b""
    offset: int = 0
    begins: Int64Array = field(default_factory=_no_frames)
    lengths: Int64Array = field(default_factory=_no_frames)
    verified: int = 0
    new_generation: bool = False
    more: bool = False
    bytes_read: int = 0
    bytes_scanned: int = 0

    def __len__(self) -> int:
        return len(self.begins)

    def record(self, index: int) -> bytes:
        """Return one record."""
        begin = int(self.begins[index]) + HEADER_BYTES
        return self.block[begin : begin + int(self.lengths[index])]

    def is_intact(self, index: int) -> bool:
        """Return whether one record is what was written."""
        if index < self.verified:
            return True
        end = int(self.begins[index] + self.lengths[index]) + HEADER_BYTES
        return masked_crc(self.record(index)).to_bytes(4, "little") == self.block[end : end + 4]


class EventFile:
    """Reads the records of one event file, plain or gzip, also while it is being written.

    A record with a bad checksum is left out. Behind a damaged header the next intact one is looked for.
    A record that is not whole, and NUL bytes at the end, count as not written yet.

    Args:
        path: The file.
        verify: Verify the checksum of every record. Otherwise those of the first pass beyond
            `VERIFIED_BYTES` are left to `RecordBlock.is_intact`.
    """

    def __init__(self, path: Path, *, verify: bool = False) -> None:
        self._tail = GzipTail(path) if path.suffix == ".gz" else TailedFile(path)
        self._verify = verify
        self._is_live = False
        self._problems: list[Problem] = []
        self._start_again()

    @property
    def path(self) -> Path:
        """The file."""
        return self._tail.path

    @property
    def size(self) -> int:
        """Size of the file on the disk in bytes, as last seen."""
        return self._tail.size

    def read(self, max_bytes: int) -> RecordBlock:
        """Read up to `max_bytes` on and return the records that are whole by now. Never raises."""
        before = self._tail.position
        chunk = self._tail.read(max_bytes, whole_bytes=self._scanner.needed)
        if chunk.problem:
            self._problems.append(chunk.problem)
        if chunk.new_generation:
            self._start_again()
            before = 0
        found = RecordBlock(new_generation=chunk.new_generation, more=chunk.more)
        if chunk.data:
            frames = self._scanner.scan(chunk.data, chunk.offset, at_end=not chunk.more)
            self._tail.reread_from(chunk.offset + frames.end)
            found = replace(found, block=chunk.data, offset=chunk.offset, bytes_scanned=max(0, frames.end))
            found = self._verified(replace(found, begins=frames.begins, lengths=frames.lengths))
        if not chunk.more:
            self._is_live = True
            self._report_cut_off()
        return replace(found, bytes_read=max(0, self._tail.position - before))

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
        self._scanner = FrameScanner(self.report)
        self._damage_count = 0
        self._cut_off_at: int | None = None

    def _report_cut_off(self) -> None:
        begin = self._scanner.unfinished_at
        if begin is not None and begin != self._cut_off_at and self._tail.is_settled:
            self._cut_off_at = begin
            self.report("the last record is cut off; it is read when the rest is written", begin)

    def _verified(self, found: RecordBlock) -> RecordBlock:
        """Leave out the records whose checksum is wrong, as far as checksums are verified here."""
        count = len(found)
        if not (self._verify or self._is_live):
            count = int(np.searchsorted(found.begins, VERIFIED_BYTES - found.offset))
        holds = np.ones(len(found), bool)
        holds[:count] = intact(found.block, found.begins[:count], found.lengths[:count])
        if holds.all():
            return replace(found, verified=count)
        for begin in found.begins[~holds].tolist():
            self.report("a record with a wrong checksum was skipped", found.offset + begin)
        verified = int(np.count_nonzero(holds[:count]))
        return replace(found, begins=found.begins[holds], lengths=found.lengths[holds], verified=verified)
