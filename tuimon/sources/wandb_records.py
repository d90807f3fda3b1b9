"""What W&B's records tell beside points: the run, its config, its console and its end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tuimon.core.batch import ConfigValue, Record
from tuimon.core.columns import Int64Array
from tuimon.sources.console_lines import ConsoleLines
from tuimon.sources.lenient_json import parse
from tuimon.sources.protobuf import LENGTH, VARINT, Field, fields, inside, number_of, text_of
from tuimon.sources.protobuf_table import FieldTable, field_table
from tuimon.sources.row_notes import flatten_config
from tuimon.sources.wandb_history import timestamps
from tuimon.sources.wandb_items import key_text

_OUTPUT_TYPE, _OUTPUT_TIMESTAMP, _OUTPUT_LINE = 1, 2, 3
_LONGEST_PARTIAL_LINE = 4000
# RunRecord
_RUN_FACTS = {
    1: "run_id",
    2: "entity",
    3: "project",
    5: "run_group",
    6: "job_type",
    8: "display_name",
    13: "host",
}
_RUN_CONFIG, _START_TIME = 4, 17


@dataclass(slots=True)
class RunFacts:
    """What the run record tells.

    Attributes:
        facts: Names as W&B gives them (`display_name`, `project`, `host`).
        config: Hyper-parameters, flattened.
        start_time: Unix seconds; NaN where it is not told.
    """

    facts: dict[str, str] = field(default_factory=dict)
    config: dict[str, ConfigValue] = field(default_factory=dict)
    start_time: float = float("nan")


def read_run(record: bytes) -> RunFacts:
    """Return what a RunRecord tells.

    Raises:
        DamagedMessageError: The bytes are no protobuf message.
    """
    run = RunFacts()
    for part in fields(record):
        if part.number in _RUN_FACTS:
            run.facts[_RUN_FACTS[part.number]] = text_of(record, part)
        elif part.number == _RUN_CONFIG:
            run.config = read_config(record[part.begin : part.end])
        elif part.number == _START_TIME:
            run.start_time = _seconds(record, part)
    return run


def read_config(record: bytes) -> dict[str, ConfigValue]:
    """Return what a ConfigRecord sets.

    Raises:
        DamagedMessageError: The bytes are no protobuf message.
    """
    values: dict[str, object] = {}
    for update in fields(record):
        if update.number != 1 or update.wire_type != LENGTH:
            continue
        item = record[update.begin : update.end]
        name = key_text(item)
        text = next((item[p.begin : p.end] for p in fields(item) if p.number == 16), b"")
        if name != "_wandb" and not name.startswith("_wandb."):
            values[name] = _parsed(text)
    return flatten_config(values)


def read_exit(record: bytes) -> tuple[int, int]:
    """Return the exit code of a RunExitRecord, and how many seconds the run took (0: not told).

    Raises:
        DamagedMessageError: The bytes are no protobuf message.
    """
    numbers = {p.number: number_of(record, p) for p in fields(record) if p.wire_type == VARINT}
    return numbers.get(1, 0), numbers.get(2, 0)


def read_step_metric(record: bytes) -> str:
    """Return the metric that a MetricRecord makes the step of all others, or "".

    Raises:
        DamagedMessageError: The bytes are no protobuf message.
    """
    texts = {p.number: text_of(record, p) for p in fields(record) if p.number in (2, 4)}
    return texts.get(4, "") if texts.get(2) == "*" else ""


def read_alert(record: bytes) -> str:
    """Return the title and the text of an AlertRecord.

    Raises:
        DamagedMessageError: The bytes are no protobuf message.
    """
    texts = [text_of(record, p) for p in fields(record) if p.number in (1, 2)]
    return ": ".join(filter(None, texts))


class ConsoleDecoder:
    """Puts the pieces of text that a run wrote to its console together to lines."""

    def __init__(self) -> None:
        self._lines = ConsoleLines()
        self._partial = {0: "", 1: ""}

    def decode(self, data: bytes, rows: FieldTable, order: Int64Array, steps: Int64Array) -> list[Record]:
        """Return the records of n pieces of text, whose places and carried steps are int64[n]."""
        table, _ = field_table(data, rows.begin, rows.end)
        lines = table.of(_OUTPUT_LINE)
        is_output = np.zeros(len(rows), np.int64)  # standard error is number 0, which is not written
        is_output[table.of(_OUTPUT_TYPE, VARINT).message] = 1
        times = timestamps(data, table.of(_OUTPUT_TIMESTAMP), len(rows))
        columns = (lines.begin, lines.end, is_output[lines.message])
        texts: list[str] = []
        places: list[int] = []
        for index, (begin, end, kind) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
            *whole, rest = (self._partial[kind] + data[begin:end].decode("utf-8", "replace")).split("\n")
            self._partial[kind] = _redrawn(rest)[-_LONGEST_PARTIAL_LINE:] if rest else ""
            if whole:
                texts += map(_redrawn, whole)
                places += [index] * len(whole)
        at = lines.message[places]
        return [*self._lines.take(texts, order[at].tolist(), steps[at].tolist(), times[at].tolist())]


def _redrawn(line: str) -> str:
    """Return what a line shows in the end: a progress bar draws over itself."""
    return line.rstrip("\r").rpartition("\r")[2] if "\r" in line else line


def _seconds(record: bytes, stamp: Field) -> float:
    total = 0.0
    for part in inside(record, stamp):
        if part.wire_type == VARINT:
            total += number_of(record, part) * (1.0 if part.number == 1 else 1e-9)
    return total


def _parsed(text: bytes) -> object:
    try:
        return parse(text)
    except ValueError:
        return text.decode("utf-8", "replace")
