"""TensorBoard event files: what writes them, where, and everything that they hold."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tuimon.core.batch import Problem, Record
from tuimon.core.framing import HEADER_BYTES
from tuimon.sources.base import ReadBudget, ReadResult
from tuimon.sources.event_columns import PointCollector
from tuimon.sources.event_decoder import EventDecoder
from tuimon.sources.event_file import EventFile, RecordBlock
from tuimon.sources.event_proto import parse_event
from tuimon.sources.event_records import EventConverter, Writer
from tuimon.sources.protobuf import DamagedMessageError
from tuimon.sources.tailed_file import BLOCK_BYTES

_NAME = re.compile(r"events\.out\.tfevents\.(\d+)\.(.+)")
# The host may hold dots and numbers itself; behind process and counter only parts with a letter follow.
_HOST = re.compile(r"(.+?)\.\d+\.\d+(?:\.[^.]*[^.\d][^.]*)*")


class TfEventsSource:
    """All event files of one run, the oldest first; points come as one batch per tag and block.

    Args:
        paths: The files.
        verify: Verify the checksum of every record (see `EventFile`).

    Attributes:
        others: How many records and values were of kinds that are not read (audio, graphs, …), by kind.
    """

    format = "tfevents"

    def __init__(self, paths: tuple[Path, ...], *, verify: bool = False) -> None:
        self.others: Counter[str] = Counter()
        self._verify = verify
        self._files: list[_File] = []
        self._decoder = EventDecoder()
        self._converter = EventConverter(self.others)
        self._order = 0
        self.add_paths(paths)

    @property
    def total_bytes(self) -> int:
        """Size of all files on the disk, as last seen."""
        return sum(file.events.size for file in self._files)

    def add_paths(self, paths: tuple[Path, ...]) -> None:
        """Read these files too; those that are read already are left alone."""
        known = {file.events.path for file in self._files}
        for path in dict.fromkeys(paths):
            if path not in known:
                writer = Writer(host_of(path.name))
                self._files.append(_File(EventFile(path, verify=self._verify), writer))
        self._files.sort(key=lambda file: _age_rank(file.events.path))

    def read(self, budget: ReadBudget) -> ReadResult:
        """Read on in all files. Never raises on what they hold."""
        records: list[Record] = []
        problems: list[Problem] = []
        bytes_read = bytes_used = 0
        for file in self._files:
            more = True
            while more:
                left = budget.max_bytes - bytes_used
                # What is left of a record at the end of a block is read again with the next one, so a budget
                # is hardly ever used up; the little that is left of it would be a block that is not worth it.
                if left <= min(budget.max_bytes, BLOCK_BYTES) // 8:
                    return ReadResult(
                        tuple(records), more=True, bytes_read=bytes_read, problems=tuple(problems)
                    )
                found = self._read_block(file, left, records)
                more = found.more
                bytes_read += found.bytes_read
                bytes_used += max(found.bytes_read, found.bytes_scanned)
                problems += file.events.take_problems()
        return ReadResult(tuple(records), bytes_read=bytes_read, problems=tuple(problems))

    def close(self) -> None:
        """Do nothing: no file stays open between two reads."""

    def _read_block(self, file: _File, max_bytes: int, records: list[Record]) -> RecordBlock:
        """Read one block, and return it."""
        found = file.events.read(max_bytes)
        if found.new_generation:
            file.writer.announced_at = None
        if len(found):
            points = PointCollector()
            first = self._order
            events = self._decoder.decode(found, first, points, file.events.report)
            begins_as_usual = bool(events) and events[0][0] == first and bool(events[0][1].file_version)
            if file.writer.announced_at is None and not begins_as_usual:
                records.append(file.writer.announce(first, _first_wall_time(found)))

            def report(message: str, order: int) -> None:
                file.events.report(message, found.offset + int(found.begins[order - first]))

            def locate(order: int) -> tuple[Path, int]:
                begin = int(found.begins[order - first]) + HEADER_BYTES
                return file.events.path, found.offset + begin

            records += self._converter.convert(events, points.histograms, file.writer, report, locate)
            records += points.batches()
            self._order += len(found)
        return found


@dataclass(slots=True)
class _File:
    events: EventFile
    writer: Writer


def host_of(name: str) -> str:
    """Return the host in the name of an event file, or "" if it tells none.

    Names are `events.out.tfevents.<unix time>.<host>[.<process>.<counter>][.v2][.<suffix>]`.
    """
    parts = _NAME.fullmatch(name)
    if not parts:
        return ""
    rest = parts[2].removesuffix(".gz").removesuffix(".v2")
    host = _HOST.fullmatch(rest)
    return host[1] if host else rest


def _age_rank(path: Path) -> tuple[int, str, str]:
    parts = _NAME.fullmatch(path.name)
    return int(parts[1]) if parts else 0, path.name, str(path)


def _first_wall_time(found: RecordBlock) -> float:
    try:
        return parse_event(found.record(0)).wall_time
    except DamagedMessageError:
        return math.nan
