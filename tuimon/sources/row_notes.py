"""What rows say beside numbers: hyper-parameters, the run's beginnings and ends, lines of a log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tuimon.core.batch import ConfigRecord, ConfigValue, LifecycleRecord, LogLine
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.sources.rows import MAX_DEPTH, NumberColumn, RawColumn, Row

CONFIG_NAMES = frozenset({"config", "hparams", "hyperparameters"})
_LIFECYCLE = {
    "finished": "finished|finish|done|complete|completed|end|ended|train_end|training_end|training_finished|"
    "training_complete|training_completed|run_finished|success",
    "failed": "failed|failure|crash|crashed|aborted|killed|interrupted|preempted|run_failed|training_failed",
    "error": "error|exception|oom|out_of_memory",
    "checkpoint": "checkpoint|checkpoint_saved|save_checkpoint|saved_checkpoint",
    "writer": "resume|resumed|restart|restarted|run_started",
}
_KIND_OF_EVENT = {word: kind for kind, words in _LIFECYCLE.items() for word in words.split("|")}
_MESSAGE_NAMES = ("message", "msg")
_LEVEL_NAMES = ("level", "levelname", "severity")
_MOST_CONFIG_VALUES = 2000
_LONGEST_TEXT = 2000
_INT_BOUND = 2**63


def config_records(columns: Mapping[str, RawColumn], wall_times: Float64Array) -> list[ConfigRecord]:
    """Return the configs among the columns of rows whose times are `wall_times`."""
    return [
        ConfigRecord(flatten_config(value), float(wall_times[place]))
        for name in sorted(CONFIG_NAMES & columns.keys())
        for place, value in zip(columns[name].places, columns[name].values, strict=True)
        if isinstance(value, dict)
    ]


def flatten_config(values: Mapping[str, object]) -> dict[str, ConfigValue]:
    """Return nested hyper-parameters with `.` between names; lists become text."""
    flat: dict[str, ConfigValue] = {}

    def add(prefix: str, value: object, depth: int) -> None:
        if len(flat) >= _MOST_CONFIG_VALUES:
            return
        if isinstance(value, dict) and depth < MAX_DEPTH:
            for name, inner in value.items():
                add(f"{prefix}.{name}" if prefix else str(name), inner, depth + 1)
        elif isinstance(value, int | float | None) and not _is_huge(value):
            flat[prefix] = value
        else:
            flat[prefix] = _as_text(value)

    add("", values, 0)
    return flat


def _is_huge(value: float | None) -> bool:
    return isinstance(value, int) and abs(value) >= _INT_BOUND


def _as_text(value: object) -> str:
    try:
        return str(value)[:_LONGEST_TEXT]
    except (RecursionError, ValueError):  # a list in a list in a list ..., an integer of 5,000 digits
        return "(too large)"


def notes_of(
    rows: Sequence[Row],
    places: Sequence[int],
    columns: Mapping[str, RawColumn],
    numbers: Mapping[str, NumberColumn],
    order: Int64Array,
    steps: Int64Array,
    wall_times: Float64Array,
) -> list[LifecycleRecord | LogLine]:
    """Return what rows say in words: the run's beginnings and ends, and lines of a log.

    Args:
        rows: As parsed.
        places: The index of each of them in what follows.
        columns: All values as parsed.
        numbers: All numbers.
        order: int64[n], places in the stream.
        steps: int64[n].
        wall_times: float64[n].
    """
    speaking: set[int] = set()
    for name in ("event", *_MESSAGE_NAMES):
        if name in columns:
            speaking.update(columns[name].places)
    if not speaking:
        return []
    by_place = dict(zip(places, rows, strict=True))
    has_numbers = np.zeros(len(order), np.bool_)
    for column in numbers.values():
        has_numbers[column.places] = True
    notes: list[LifecycleRecord | LogLine] = []
    for place in sorted(speaking & by_place.keys()):
        row, wall_time = by_place[place], float(wall_times[place])
        event, message = _text(row, ("event",)), _text(row, _MESSAGE_NAMES)
        kind = _KIND_OF_EVENT.get(event.strip().lower().replace(" ", "_"))
        if kind == "finished" and row.get("exit_code"):
            kind = "failed"
        if kind is not None:
            text = message or event
            host = _text(row, ("host",)) if kind == "writer" else ""
            notes.append(LifecycleRecord(kind, int(order[place]), int(steps[place]), wall_time, text, host))
        elif (event or message) and not has_numbers[place]:
            text = f"{event}: {message}" if event and message else event or message
            notes.append(LogLine(int(order[place]), wall_time, _text(row, _LEVEL_NAMES) or "info", text))
    return notes


def _text(row: Row, names: tuple[str, ...]) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, str):
            return value[:_LONGEST_TEXT]
    return ""
