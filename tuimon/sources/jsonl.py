"""JSON lines: one dictionary per line, flat or nested, of any schema."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson

from tuimon.core.batch import LifecycleRecord, Problem, Record
from tuimon.sources.base import Sniff, Source, Trainer
from tuimon.sources.jsonl_sniff import sniff_lines
from tuimon.sources.lenient_json import parse
from tuimon.sources.line_files import BadLines, FileRead, LineFilesSource
from tuimon.sources.row_decoder import RowDecoder
from tuimon.sources.row_dialects import RowDialects
from tuimon.sources.rows import Row
from tuimon.sources.sniffing import LFS_PREFIX
from tuimon.sources.tail import LineTail

_BAD = object()


class JsonlSource(LineFilesSource):
    """Reads on in the JSON-lines files of one run. Used by one thread.

    Bad lines count in `order`, empty ones do not. The last line is taken without its line end if it is
    complete.

    Args:
        paths: Files of one writer, the oldest first. They need not exist any more, or yet.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__("jsonl", _JsonlFile, paths)


class JsonlFactory:
    """Recognises JSON lines by their content."""

    format = "jsonl"
    trainers: tuple[Trainer, ...] = (
        Trainer("LLaMA-Factory", "`trainer_log.jsonl`: steps, total, percentage, elapsed and remaining time"),
        Trainer("detectron2", "`metrics.json`: the total is reckoned from `eta_seconds`"),
        Trainer("mmengine", "`vis_data/scalars.json`: validation lies at the iteration before it"),
        Trainer("mmcv", "`*.log.json`: `iter`, which restarts each epoch, becomes a step"),
        Trainer(
            "DETR, MAE, DINO", "`log.txt` with JSON lines: the step is the epoch; COCO's lists get names"
        ),
        Trainer("OpenAI Baselines, RLlib", "`progress.json`, `result.json`"),
        Trainer(
            "anything that logs JSON lines",
            "`*.jsonl`, `*.ndjson`, or `.json`, `.log` and `.txt` that hold them: a flat or nested object "
            "per line, whatever the keys; NaN and Infinity bare or as strings",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a log of metrics in JSON lines."""
        return sniff_lines(path, head)

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over files of one writer."""
        return JsonlSource(paths)


class _JsonlFile:
    """One file: where it was left, and what is known of its columns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tail = LineTail(path, complete_last=_is_complete)
        self._decoder = RowDecoder()
        self._dialects = RowDialects()
        self._bad_lines = BadLines(path)
        self._reported_limits: set[str] = set()

    @property
    def size(self) -> int:
        """Its size in bytes when it was read last."""
        return self._tail.tail.size

    def read(self, max_bytes: int, first_order: int) -> FileRead:
        """Read one block on. Never raises on bad content."""
        read = self._tail.read(max_bytes)
        problems = list(read.problems)
        records: list[Record] = []
        if read.new_generation:
            text = f"{self.path.name} was replaced or rewritten"
            records.append(LifecycleRecord("writer", first_order, None, float("nan"), text))
        rows, places = self._parse(read.lines, read.offsets, problems)
        records += self._decoder.decode(self._dialects.apply(rows), np.array(places, np.int64) + first_order)
        problems += self._new_limits()
        return FileRead(records, len(read.lines), read.more, read.bytes_read, problems)

    def _parse(
        self, lines: list[bytes], offsets: list[int], problems: list[Problem]
    ) -> tuple[list[Row], list[int]]:
        """Return the rows that lines hold, and the number of each one's line in the block."""
        try:
            parsed: list[object] = list(map(orjson.loads, lines))
        except orjson.JSONDecodeError:
            parsed = [
                self._parse_one(line, offset, problems) for line, offset in zip(lines, offsets, strict=True)
            ]
        rows: list[Row] = []
        places: list[int] = []
        for place, row in enumerate(parsed):
            if type(row) is dict:
                rows.append(row)
                places.append(place)
            elif row is not _BAD:
                self._bad_lines.note("line holds no JSON object and was skipped", offsets[place], problems)
        return rows, places

    def _new_limits(self) -> list[Problem]:
        """Return the limits that this file passed since it was asked last."""
        passed = [limit for limit in self._decoder.limits_passed if limit not in self._reported_limits]
        self._reported_limits.update(passed)
        return [Problem(str(self.path), limit) for limit in passed]

    def _parse_one(self, line: bytes, offset: int, problems: list[Problem]) -> object:
        if not line.strip():
            return {}
        try:
            return parse(line)
        except ValueError:
            if line.startswith(LFS_PREFIX):
                self._bad_lines.note_pointer(problems)
            else:
                self._bad_lines.note("line is no valid JSON and was skipped", offset, problems)
            return _BAD


def _is_complete(line: bytes) -> bool:
    """Tell whether a line without an end is a whole JSON object."""
    if not line.rstrip().endswith(b"}"):
        return False
    try:
        return isinstance(parse(line), dict)
    except ValueError:
        return False
