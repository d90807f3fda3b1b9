"""Runs for the tests of this room, made from lines as a trainer would log them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np

from tuimon.core.batch import ConfigRecord, ConfigValue, LifecycleRecord, Record, ScalarBatch, TextRecord
from tuimon.store.run import RunView
from tuimon.store.run_store import RunStore

Line: TypeAlias = Mapping[str, float]


def _record(order: int, line: Line) -> ScalarBatch:
    tags = tuple(tag for tag in line if tag not in ("step", "time"))
    return ScalarBatch(
        tags,
        np.array([order]),
        np.array([int(line["step"])]),
        np.array([line.get("time", np.nan)], np.float64),
        tuple(np.array([line[tag]], np.float64) for tag in tags),
    )


def run_of(
    lines: Iterable[Line] = (),
    *,
    config: Mapping[str, ConfigValue] | None = None,
    events: Iterable[LifecycleRecord] = (),
    texts: Mapping[str, str] | None = None,
    other_stream: Iterable[Line] = (),
) -> RunView:
    """Return a run of JSON-like lines (`step`, `time` or none, tags), each one record of the first stream.

    Events, texts and config are of the first stream too; `other_stream` is what a second source logged.
    """
    store = RunStore()
    records: list[Record] = [ConfigRecord(config)] if config else []
    records += [TextRecord(tag, 0, 0, float("nan"), text) for tag, text in (texts or {}).items()]
    records += list(events)
    store.extend(0, records + [_record(order, line) for order, line in enumerate(lines)])
    store.extend(1, [_record(order, line) for order, line in enumerate(other_stream)])
    return store.freeze()
