"""The fields of many protobuf messages at once, as columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.protobuf import FIXED32, FIXED64, LENGTH, VARINT, DamagedMessageError, Field, fields

# A round of numpy costs as much as about this many fields one by one.
_FEW = 16
_DAMAGED = -1
_VARINT_SHIFTS = range(7, 70, 7)

Bytes = npt.NDArray[np.uint8]


@frozen(eq=False)
class FieldTable:
    """Fields of messages that stand in one buffer, in the order in which they stand there.

    Attributes:
        message: int64[m], the number of the message that each field is of.
        number: int64[m], the field numbers.
        wire_type: int64[m].
        begin: int64[m], where each content begins, behind the key and the length.
        end: int64[m], where it ends.
    """

    message: Int64Array
    number: Int64Array
    wire_type: Int64Array
    begin: Int64Array
    end: Int64Array

    def __len__(self) -> int:
        return len(self.number)

    def of(self, number: int, wire_type: int = LENGTH) -> FieldTable:
        """Return the fields of one number; those of another wire type than the expected one are left out."""
        return self.where((self.number == number) & (self.wire_type == wire_type))

    def where(self, wanted: npt.NDArray[np.bool_]) -> FieldTable:
        """Return the fields that `wanted` bool[m] marks."""
        return FieldTable(*(column[wanted] for column in self._columns))

    def followed_by(self, other: FieldTable) -> FieldTable:
        """Return the fields of two tables of the same buffer, in the order in which they stand there."""
        if not len(other):
            return self
        pairs = zip(self._columns, other._columns, strict=True)
        columns = [np.concatenate(pair) for pair in pairs]
        rank = np.argsort(columns[3], kind="stable")
        return FieldTable(*(column[rank] for column in columns))

    @property
    def _columns(self) -> tuple[Int64Array, ...]:
        return self.message, self.number, self.wire_type, self.begin, self.end


def field_table(data: bytes, begins: Int64Array, ends: Int64Array) -> tuple[FieldTable, Int64Array]:
    """Return the fields of n messages, and the numbers of the damaged ones, of which no field is returned.

    All messages are read side by side, one field of each in a round.

    Args:
        data: The buffer in which the messages stand one after the other.
        begins: int64[n], where they begin.
        ends: int64[n], where they end.
    """
    buffer = np.frombuffer(data, np.uint8)
    messages = np.flatnonzero(begins < ends)
    at = begins[messages]
    rounds: list[tuple[Int64Array, ...]] = []
    damaged: list[Int64Array] = []
    while len(messages) > _FEW:
        limits = ends[messages]
        numbers, wire_types, starts, stops = _next_fields(buffer, at, limits)
        whole = stops != _DAMAGED
        if not whole.all():
            damaged.append(messages[~whole])
            messages, limits = messages[whole], limits[whole]
            numbers, wire_types, starts, stops = (c[whole] for c in (numbers, wire_types, starts, stops))
        rounds.append((messages, numbers, wire_types, starts, stops))
        goes_on = stops < limits
        messages, at = messages[goes_on], stops[goes_on]
    _read_one_by_one(data, messages, at, ends, rounds, damaged)
    columns = [np.concatenate(column) for column in zip(*rounds, strict=True)] or [np.empty(0, np.int64)] * 5
    bad = np.unique(np.concatenate(damaged)) if damaged else np.empty(0, np.int64)
    if len(bad):
        kept = ~np.isin(columns[0], bad)
        columns = [column[kept] for column in columns]
    rank = np.argsort(columns[3], kind="stable")
    return FieldTable(*(column[rank] for column in columns)), bad


def varint_column(data: bytes, table: FieldTable) -> Int64Array:
    """Return the varint fields of a table as the signed 64-bit numbers that they stand for."""
    return _varints(np.frombuffer(data, np.uint8), table.begin, table.end)[0]


def length_prefixed(buffer: Bytes, at: Int64Array, limits: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return where the contents begin and end whose lengths stand at some places.

    The beginning is negative where there is none before the limit; the end is never beyond it.
    """
    lengths, begins = _varints(buffer, at, limits)
    fits = (begins >= 0) & (lengths >= 0) & (lengths <= limits - begins)
    return np.where(fits, begins, _DAMAGED), np.where(fits, begins + lengths, limits)


def _next_fields(
    buffer: Bytes, at: Int64Array, limits: Int64Array
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """Return number, wire type, begin and end of the field at each place; end `_DAMAGED` where none is."""
    keys, starts = _varints(buffer, at, limits)
    wire_types = keys & 7
    numbers, behind = _varints(buffer, starts, limits)
    is_length = wire_types == LENGTH
    stops = np.where(is_length, behind + numbers, behind)
    odd = ~(is_length | (wire_types == VARINT))
    if odd.any():
        sizes = np.where(wire_types == FIXED64, 8, np.where(wire_types == FIXED32, 4, limits + 1))
        stops[odd] = (starts + sizes)[odd]
        behind = np.where(odd, starts, behind)
    begins = np.where(is_length, behind, starts)
    bad = (starts == _DAMAGED) | (behind == _DAMAGED) | (stops > limits) | (stops < begins) | (keys < 8)
    stops[bad] = _DAMAGED
    return keys >> 3, wire_types, begins, stops


def _varints(buffer: Bytes, at: Int64Array, limits: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return the number at each place and where it ends; `_DAMAGED` where it is cut off or has no end."""
    inside = (at >= 0) & (at < limits)
    values = buffer[np.where(inside, at, 0)].astype(np.int64)
    stops = np.where(inside, at + 1, _DAMAGED)
    going = np.flatnonzero(inside & (values >= 0x80))
    values &= 0x7F
    for shift in _VARINT_SHIFTS:
        if not len(going):
            return values, stops
        cut = stops[going] >= limits[going]
        stops[going[cut]] = _DAMAGED
        going = going[~cut]
        more = buffer[stops[going]].astype(np.int64)
        values[going] |= (more & 0x7F) << shift
        stops[going] += 1
        going = going[more >= 0x80]
    stops[going] = _DAMAGED
    return values, stops


def _read_one_by_one(
    data: bytes,
    messages: Int64Array,
    at: Int64Array,
    ends: Int64Array,
    rounds: list[tuple[Int64Array, ...]],
    damaged: list[Int64Array],
) -> None:
    for message, begin in zip(messages.tolist(), at.tolist(), strict=True):
        try:
            found = [(message, *_row(field)) for field in fields(data, begin, int(ends[message]))]
        except DamagedMessageError:
            damaged.append(np.array([message]))
        else:
            rounds.append(tuple(np.array(found, np.int64).T))


def _row(field: Field) -> tuple[int, int, int, int]:
    return field.number, field.wire_type, field.begin, field.end
