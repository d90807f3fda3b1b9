"""Rows of named values, as JSON holds them, into one column per name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array, Int64Array

Row = dict[str, object]
BoolArray = npt.NDArray[np.bool_]

# W&B runs have a thousand keys; what has ten thousand is no training log.
MAX_TAGS = 10_000
MAX_DEPTH = 8
# No number is written longer than this; what is longer is text.
_LONGEST_NUMBER = 40
_NUMBERS = frozenset({float, int, bool})


@dataclass(slots=True)
class RawColumn:
    """Values of one name as parsed, with the places of their rows (ascending).

    Columns of the rows of one shape share one list of places, which is never changed.
    """

    places: list[int]
    values: Sequence[object]

    def append(self, places: list[int], values: tuple[object, ...]) -> None:
        """Add the values of another shape of rows."""
        if not isinstance(self.values, list):
            self.places, self.values = list(self.places), list(self.values)
        self.places.extend(places)
        self.values.extend(values)


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """The numbers of one name: `values` float64[n] at the rows `places` int64[n] (ascending)."""

    places: Int64Array
    values: Float64Array


class ColumnGatherer:
    """Turns rows into columns; names of nested rows are joined by `/`.

    Rows of one shape (the same names in the same order) are turned together, without a Python operation
    per value. What it knows of names is kept between calls, so that a file cannot bring more than
    `MAX_TAGS` of them.

    Args:
        kept_whole: Names at the top whose nested rows stay together as one value.

    Attributes:
        has_too_many_tags: Further names were left out.
        is_too_deep: Rows nested deeper than `MAX_DEPTH` were left out.
    """

    def __init__(self, kept_whole: frozenset[str] = frozenset()) -> None:
        self.has_too_many_tags = False
        self.is_too_deep = False
        self._kept_whole = kept_whole
        self._tags: set[str] = set()
        self._found: dict[str, RawColumn] = {}
        self._unsorted: set[str] = set()

    def gather(self, rows: Sequence[Row]) -> dict[str, RawColumn]:
        """Return the columns of `rows` by name, in the order in which the names appear."""
        self._found, self._unsorted = {}, set()
        self._gather(rows, range(len(rows)), "", 1)
        for tag in self._unsorted:
            _sort(self._found[tag])
        return self._found

    def _gather(self, rows: Sequence[Row], places: Sequence[int], prefix: str, depth: int) -> None:
        for shape, members in _by_shape(rows).items():
            shape_places = [places[index] for index in members]
            columns = zip(*(rows[index].values() for index in members), strict=True)
            for name, values in zip(shape, columns, strict=True):
                if dict in set(map(type, values)) and not (depth == 1 and name in self._kept_whole):
                    self._descend(values, shape_places, f"{prefix}{name}/", depth)
                else:
                    self._append(prefix + name, shape_places, values)

    def _descend(self, values: Sequence[object], places: Sequence[int], prefix: str, depth: int) -> None:
        if depth == MAX_DEPTH:
            self.is_too_deep = True
            return
        nested = [(place, value) for place, value in zip(places, values, strict=True) if type(value) is dict]
        self._gather([value for _, value in nested], [place for place, _ in nested], prefix, depth + 1)

    def _append(self, tag: str, places: list[int], values: tuple[object, ...]) -> None:
        column = self._found.get(tag)
        if column is not None:
            if column.places[-1] >= places[0]:
                self._unsorted.add(tag)
            column.append(places, values)
        elif tag in self._tags or len(self._tags) < MAX_TAGS:
            self._tags.add(tag)
            self._found[tag] = RawColumn(places, values)
        else:
            self.has_too_many_tags = True


def to_floats(values: Sequence[object]) -> list[float | None] | Float64Array:
    """Return values as float64, or, where some are no numbers, as floats with None for those.

    Numbers written as text count as numbers ("2.5", "NaN", "-Infinity"); true is 1 and false is 0.
    """
    if set(map(type, values)) <= _NUMBERS:
        try:
            return np.array(values, np.float64)
        except OverflowError:  # an integer beyond float64
            pass
    return [as_float(value) for value in values]


def as_float(value: object) -> float | None:
    """Return a value as a float, or None if it is no number."""
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _by_shape(rows: Sequence[Row]) -> dict[tuple[str, ...], Sequence[int]]:
    """Return the indices of rows by their names."""
    shapes = list(map(tuple, rows))
    if len(set(shapes)) == 1:
        return {shapes[0]: range(len(rows))}
    members: dict[tuple[str, ...], list[int]] = {}
    for index, shape in enumerate(shapes):
        members.setdefault(shape, []).append(index)
    return dict(members)


def _sort(column: RawColumn) -> None:
    """Put values of several shapes in the order of their rows."""
    ranks = np.argsort(np.asarray(column.places), kind="stable").tolist()
    column.places = [column.places[rank] for rank in ranks]
    column.values = [column.values[rank] for rank in ranks]
