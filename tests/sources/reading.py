"""Reading a source to its end, and its points by tag."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import numpy as np

from tuimon.core.batch import Record, ScalarBatch
from tuimon.core.columns import Float64Array, Int64Array
from tuimon.sources.base import UNBOUNDED, ReadBudget, Source

R = TypeVar("R")


class Points(NamedTuple):
    """All points of one tag, in order of arrival."""

    order: Int64Array
    steps: Int64Array
    wall_times: Float64Array
    values: Float64Array


def read_all(source: Source, budget: ReadBudget = UNBOUNDED) -> list[Record]:
    """Return every record that a source has now, read in slices of `budget`."""
    records: list[Record] = []
    while True:
        result = source.read(budget)
        records += result.records
        if not result.more:
            return records


def points_by_tag(records: Iterable[Record]) -> dict[str, Points]:
    """Return the points of all batches; their order never falls."""
    parts: dict[str, list[Points]] = {}
    for record in records:
        if isinstance(record, ScalarBatch):
            for tag, values in zip(record.tags, record.values, strict=True):
                points = Points(record.order, record.steps, record.wall_times, values.astype(np.float64))
                parts.setdefault(tag, []).append(points)
    joined = {tag: Points(*map(np.concatenate, zip(*batches, strict=True))) for tag, batches in parts.items()}
    assert all((np.diff(points.order) >= 0).all() for points in joined.values())
    return joined


def of_kind(records: Iterable[Record], kind: type[R]) -> list[R]:
    """Return the records of one type."""
    return [record for record in records if isinstance(record, kind)]
