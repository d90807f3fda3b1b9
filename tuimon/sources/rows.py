"""Rows of named values, as JSON holds them, into one column per name."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

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
# Of a single name the getter gives no tuple.
_FEWEST_GOT = 2


@dataclass(slots=True)
class RawColumn:
    """Values of one name as parsed, with the places of their rows (ascending).

    Columns of the rows of one shape share one list of places, which is never changed.

    Attributes:
        places: The rows.
        values: As parsed.
        numbers: The same as float64[n], where all of them are numbers and that is known.
    """

    places: list[int]
    values: Sequence[object]
    numbers: Float64Array | None = None

    def append(self, places: list[int], values: tuple[object, ...]) -> None:
        """Add the values of another shape of rows."""
        self.numbers = None
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
        shape = tuple(rows[0])
        columns = _columns_of(rows, shape)
        if columns is not None:
            self._take(shape, columns, list(places), prefix, depth)
            return
        for other, members in _by_shape(rows).items():
            columns = list(zip(*(rows[index].values() for index in members), strict=True))
            self._take(other, columns, [places[index] for index in members], prefix, depth)

    def _take(
        self,
        shape: tuple[str, ...],
        columns: list[tuple[object, ...]],
        places: list[int],
        prefix: str,
        depth: int,
    ) -> None:
        """Take up the columns of rows of one shape."""
        for name, values in zip(shape, columns, strict=True):
            numbers = _all_numbers(values)
            is_whole = depth == 1 and name in self._kept_whole
            if numbers is None and not is_whole and dict in set(map(type, values)):
                self._descend(values, places, f"{prefix}{name}/", depth)
            else:
                self._append(prefix + name, RawColumn(places, values, numbers))

    def _descend(self, values: Sequence[object], places: Sequence[int], prefix: str, depth: int) -> None:
        if depth == MAX_DEPTH:
            self.is_too_deep = True
            return
        nested = [value for value in values if type(value) is dict]
        if len(nested) < len(values):
            places = [place for place, value in zip(places, values, strict=True) if type(value) is dict]
        self._gather(nested, places, prefix, depth + 1)

    def _append(self, tag: str, column: RawColumn) -> None:
        before = self._found.get(tag)
        if before is not None:
            if before.places[-1] >= column.places[0]:
                self._unsorted.add(tag)
            before.append(column.places, tuple(column.values))
        elif tag in self._tags or len(self._tags) < MAX_TAGS:
            self._tags.add(tag)
            self._found[tag] = column
        else:
            self.has_too_many_tags = True


def to_floats(values: Sequence[object]) -> list[float | None] | Float64Array:
    """Return values as float64, or, where some are no numbers, as floats with None for those.

    Numbers written as text count as numbers ("2.5", "NaN", "-Infinity"); true is 1 and false is 0.
    """
    numbers = _all_numbers(values)
    return [as_float(value) for value in values] if numbers is None else numbers


def _all_numbers(values: Sequence[object]) -> Float64Array | None:
    """Return values as float64[n], or None if some are no numbers, or beyond float64."""
    try:
        # An array of doubles takes numbers only, and twice as fast as numpy looks at each value's type.
        return np.frombuffer(array("d", values), np.float64)  # type: ignore[type-var]  # it raises for others
    except (TypeError, ValueError, OverflowError):
        return None


def _columns_of(rows: Sequence[Row], shape: tuple[str, ...]) -> list[tuple[object, ...]] | None:
    """Return the columns of rows that all have the names of `shape` and no others; None if some do not."""
    if len(shape) < _FEWEST_GOT or set(map(len, rows)) != {len(shape)}:
        return None
    try:
        return list(zip(*map(itemgetter(*shape), rows), strict=True))
    except KeyError:
        return None


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
