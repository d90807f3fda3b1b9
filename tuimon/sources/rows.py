"""Rows of named values, as JSON holds them, into one column per name."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen

Row = dict[str, object]
BoolArray = npt.NDArray[np.bool_]
Number = TypeVar("Number", np.int64, np.float64)

# W&B runs have a thousand keys; what has ten thousand is no training log.
MAX_TAGS = 10_000
MAX_DEPTH = 8
# No number is written longer than this; what is longer is text.
_LONGEST_NUMBER = 40
# Of a single name the getter gives no tuple.
_FEWEST_GOT = 2


class RawColumn:
    """Values of one name as parsed, with the places of their rows (ascending).

    Columns of the rows of one shape share one sequence of places, which is never changed.

    Attributes:
        places: The rows.
        numbers: The values as float64[n], where all of them are numbers and that is known.
    """

    __slots__ = ("_integers", "_leader", "_values", "numbers", "places")

    def __init__(
        self,
        places: Sequence[int] | Int64Array,
        values: Sequence[object] | Callable[[], list[object]],
        numbers: Float64Array | None = None,
        integers: Int64Array | None = None,
        leader: RawColumn | None = None,
    ) -> None:
        self.places = places
        self.numbers = numbers
        self._integers = integers
        # Which of several columns, put together, has the first value: whether that is an integer matters.
        self._leader = leader
        self._values = values

    @property
    def values(self) -> Sequence[object]:
        """The values as objects."""
        if callable(self._values):
            self._values = self._values()
        return self._values

    @property
    def has_integers(self) -> bool:
        """Whether all values are known to be integers, without a look at them."""
        return self._integers is not None

    @property
    def integers(self) -> Int64Array | None:
        """The values as int64[n], where all of them are such integers."""
        if self._integers is None and not callable(self._values) and set(map(type, self._values)) == {int}:
            with suppress(OverflowError):
                self._integers = np.array(self._values, np.int64)
        return self._integers

    @property
    def first(self) -> object:
        """The first value that is not None; None if there is none."""
        if callable(self._values) and self.numbers is not None:
            if self._leader is not None:
                return self._leader.first
            return (self.numbers if self._integers is None else self._integers)[0].item()
        return next((value for value in self.values if value is not None), None)

    @classmethod
    def joined(cls, columns: Sequence[RawColumn]) -> RawColumn:
        """Return the values of several shapes of rows, in the order of their rows."""
        places = np.concatenate([np.asarray(column.places, np.int64) for column in columns])
        ranks = None if (places[1:] > places[:-1]).all() else places.argsort(kind="stable")
        some_integers = any(column.has_integers for column in columns)

        def values() -> list[object]:
            joined = [value for column in columns for value in column.values]
            return joined if ranks is None else [joined[rank] for rank in ranks.tolist()]

        return cls(
            places if ranks is None else places[ranks],
            values,
            _joined([column.numbers for column in columns], ranks),
            _joined([column.integers for column in columns], ranks) if some_integers else None,
            min(columns, key=lambda column: column.places[0]),
        )


def _joined(
    parts: Sequence[npt.NDArray[Number] | None], ranks: Int64Array | None
) -> npt.NDArray[Number] | None:
    """Return arrays behind one another, put in another order; None if one is missing."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    whole = np.concatenate(known)
    return whole if ranks is None else whole[ranks]


@frozen(eq=False)
class NumberTable:
    """Rows of one shape that hold only numbers.

    Attributes:
        tags: The names of k columns, those of nested rows joined by `/`.
        places: int64[n], the rows, ascending.
        values: float64[n] for each of them.
        parsed: Columns that may be step or clock, as exact as they were written: int64[n], objects where
            that does not hold them, None where `values` are.
    """

    tags: tuple[str, ...]
    places: Int64Array
    values: Sequence[Float64Array] | Float64Array
    parsed: Mapping[str, Int64Array | list[object] | None]

    def columns(self) -> Iterator[tuple[str, RawColumn]]:
        """Yield the columns by name."""
        for tag, numbers in zip(self.tags, self.values, strict=True):
            parsed = self.parsed.get(tag)
            if isinstance(parsed, list):
                yield tag, RawColumn(self.places, parsed, numbers)
            else:
                yield (
                    tag,
                    RawColumn(self.places, (numbers if parsed is None else parsed).tolist, numbers, parsed),
                )


@frozen(eq=False)
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
        self._found: dict[str, list[RawColumn]] = {}

    def gather(
        self, rows: Sequence[Row], places: Sequence[int], tables: Sequence[NumberTable] = ()
    ) -> dict[str, RawColumn]:
        """Return the columns of rows by name, in the order in which the names appear.

        Args:
            rows: As parsed.
            places: The place of each of them among all rows, ascending.
            tables: Further rows.
        """
        self._found = {}
        for table in sorted(tables, key=lambda table: int(table.places[0])):
            for tag, column in table.columns():
                self._append(tag, column)
        if rows:
            self._gather(rows, places, "", 1)
        return {
            tag: columns[0] if len(columns) == 1 else RawColumn.joined(columns)
            for tag, columns in self._found.items()
        }

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
                # A name may hold a number or a null in one row and more names in another.
                others = [index for index, value in enumerate(values) if type(value) is not dict]
                if others:
                    plain = [values[index] for index in others]
                    self._append(prefix + name, RawColumn([places[index] for index in others], plain))
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
        if tag in self._found:
            self._found[tag].append(column)
        elif tag in self._tags or len(self._tags) < MAX_TAGS:
            self._tags.add(tag)
            self._found[tag] = [column]
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
