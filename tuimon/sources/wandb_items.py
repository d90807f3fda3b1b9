"""The named values of W&B's records, many records at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tuimon.core.columns import Float64Array, Int64Array
from tuimon.core.frozen import frozen
from tuimon.sources.decimal_text import read_numbers
from tuimon.sources.known_words import UNKNOWN, KnownWords
from tuimon.sources.lenient_json import parse
from tuimon.sources.protobuf import LENGTH, DamagedMessageError, fields, text_of
from tuimon.sources.protobuf_table import Bytes, FieldTable, field_table, length_prefixed
from tuimon.sources.rows import MAX_TAGS, as_float
from tuimon.sources.sparse_marks import places_of

_ITEM = 1
_KEY, _NESTED_KEY, _VALUE_JSON = 1, 2, 16
# The same with their wire type, as they are written.
_ITEM_TAG, _KEY_TAG, _NESTED_KEY_TAG, _VALUE_TAG = 0x0A, 0x0A, 0x12, b"\x82\x01"
SEPARATOR = "."
"""Between the names of nested keys, as in W&B's own charts."""

_LONGEST_NAME = 1000
_LONGEST_NUMBER = 40
# What is made of so many on the way stays in the processor's cache.
_NUMBERS_AT_ONCE = 64000
_NONFINITE = {
    b"NaN": float("nan"), b"Infinity": float("inf"), b"-Infinity": float("-inf"), b"true": 1.0, b"false": 0.0,
}  # fmt: skip
# With which bytes a number begins.
_BEGINS_NUMBER = np.isin(np.arange(256), np.frombuffer(b"-0123456789", np.uint8))
# The four bytes that an item and its key begin with, where both are shorter than 128 bytes; see `_usual`.
_HEAD = _ITEM_TAG | _NESTED_KEY_TAG << 16
_OTHER_HEAD = _ITEM_TAG | _KEY_TAG << 16
_HEAD_BYTES, _ITEM_LENGTH_BITS, _KEY_LENGTH_BITS = 4, 8, 24
_SHORT = 0x80


@frozen(eq=False)
class Numbers:
    """Numbers: for each of m, the row int64[m] it stands in, its tag's number int64[m], and float64[m]."""

    rows: Int64Array
    tags: Int64Array
    values: Float64Array


@frozen(eq=False)
class Items:
    """Where items that have a key and a value stand: int64[m] each, in the order in which they stand there.

    Attributes:
        rows: The number of the row that each item is of.
        key_begins: Where what its key is told by begins: its field with the key's own length.
        key_ends: Where the key ends.
        value_begins: Where the value begins.
        value_ends: Where it ends.
    """

    rows: Int64Array
    key_begins: Int64Array
    key_ends: Int64Array
    value_begins: Int64Array
    value_ends: Int64Array

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, wanted: npt.NDArray[np.bool_]) -> Items:
        """Return the items that `wanted` bool[m] marks."""
        return Items(*(column[wanted] for column in self._columns))

    def followed_by(self, other: Items) -> Items:
        """Return the items of both, in the order in which they stand there."""
        if not len(other):
            return self
        columns = [np.concatenate(pair) for pair in zip(self._columns, other._columns, strict=True)]
        rank = np.argsort(columns[1], kind="stable")
        return Items(*(column[rank] for column in columns))

    @property
    def _columns(self) -> tuple[Int64Array, ...]:
        return self.rows, self.key_begins, self.key_ends, self.value_begins, self.value_ends


NO_ITEMS = Items(*[np.empty(0, np.int64)] * 5)


@frozen
class OtherValue:
    """A value that is no number, as parsed: a text, a list, an object, null."""

    row: int
    tag: str
    value: object


class ItemReader:
    """Reads items `{key | nested_key, value_json}`; knows from call to call which key is which tag.

    Attributes:
        tags: Their names by number.
        has_too_many_tags: Items with further names were left out.
    """

    def __init__(self) -> None:
        self.tags: list[str] = []
        self.has_too_many_tags = False
        self._numbers: dict[str, int] = {}
        self._keys: dict[bytes, int] = {}
        self._known_keys = KnownWords()

    def read(self, data: bytes, items: Items) -> tuple[Numbers, list[OtherValue]]:
        """Return what items hold."""
        tags = self._tags(data, items.key_begins, items.key_ends)
        known = (tags >= 0) & (items.value_ends > items.value_begins)
        if not known.all():
            tags, items = tags[known], items.where(known)
        return self._parse(data, items, tags)

    def number_of(self, tag: str) -> int:
        """Return the number of a tag, -1 where there are too many."""
        number = self._numbers.get(tag)
        if number is None:
            if len(self.tags) >= MAX_TAGS:
                self.has_too_many_tags = True
                return -1
            number = self._numbers[tag] = len(self.tags)
            self.tags.append(tag)
        return number

    def _tags(self, data: bytes, begins: Int64Array, ends: Int64Array) -> Int64Array:
        """Return the numbers of the tags that keys stand for, -1 where there are too many."""
        tags = self._known_keys.find(np.frombuffer(data, np.uint8), begins, ends)
        others = (tags == UNKNOWN).nonzero()[0]
        if len(others):
            tags[others] = [self._tag_of(key) for key in _slices(data, begins[others], ends[others])]
        return tags

    def _tag_of(self, key: bytes) -> int:
        number = self._keys.get(key)
        if number is None:
            number = self.number_of(key_text(key))
            if number >= 0 and len(self._keys) < 2 * MAX_TAGS:
                self._keys[key] = number
                self._known_keys.learn(key, number)
        return number

    def _parse(self, data: bytes, items: Items, tags: Int64Array) -> tuple[Numbers, list[OtherValue]]:
        rows, begins, ends = items.rows, items.value_begins, items.value_ends
        plain = _BEGINS_NUMBER[np.frombuffer(data, np.uint8)[begins]]
        plain &= ends - begins <= _LONGEST_NUMBER
        if plain.all():
            return Numbers(rows, tags, _parse_numbers(data, begins, ends)), []
        numbers = np.full(len(rows), np.nan)
        numbers[plain] = _parse_numbers(data, begins[plain], ends[plain])
        is_number = plain.copy()
        others = []
        odd = np.flatnonzero(~plain)
        texts = _slices(data, begins[odd], ends[odd])
        for index, text in zip(odd.tolist(), texts, strict=True):
            number = _NONFINITE.get(text)
            if number is None:
                value = _parse_one(text)
                number = as_float(value)
                if number is None:
                    others.append(OtherValue(int(rows[index]), self.tags[tags[index]], value))
                    continue
            numbers[index] = number
            is_number[index] = True
        return Numbers(rows[is_number], tags[is_number], numbers[is_number]), others


def items_of(data: bytes, fields_of_rows: FieldTable) -> Items:
    """Return the items that fields of rows are; those without a key or a value are left out.

    Nearly all are one key and one value behind it, nothing else: that is tried first.
    """
    buffer = np.frombuffer(data, np.uint8)
    rows, begins, ends = fields_of_rows.message, fields_of_rows.begin, fields_of_rows.end
    key_begins, key_ends = length_prefixed(buffer, begins + 1, ends)
    value_begins, value_ends = length_prefixed(buffer, key_ends + len(_VALUE_TAG), ends)
    at = np.minimum(key_ends, len(buffer) - len(_VALUE_TAG))
    usual = (buffer[begins] == _KEY_TAG) | (buffer[begins] == _NESTED_KEY_TAG)
    usual &= (buffer[at] == _VALUE_TAG[0]) & (buffer[at + 1] == _VALUE_TAG[1])
    usual &= (key_begins >= 0) & (value_begins >= 0) & (value_ends == ends)
    found = Items(rows, begins, key_ends, value_begins, value_ends)
    return (
        found
        if usual.all()
        else found.where(usual).followed_by(_odd_items(data, fields_of_rows.where(~usual)))
    )


def split_items(data: bytes, rows: FieldTable) -> tuple[Items, FieldTable]:
    """Return the items that rows begin with, and what is left of the rows behind them.

    A row of 500 metrics has 500 items; that each ends with its value is used to find all of them at once.
    Every item is proved to begin where the one before it ends and to be as long as it says; a row in which
    one is not is left to the general reader, whole.

    Args:
        data: The buffer in which the rows stand, rising.
        rows: Messages whose first fields are items.

    Returns:
        Items, and the n rests.
    """
    buffer = np.frombuffer(data, np.uint8)
    row, marks = _value_marks(buffer, rows)
    if not len(marks) or len(data) < _HEAD_BYTES:
        return NO_ITEMS, rows
    limits = rows.end[row]
    value_begins, value_ends = _values(buffer, marks + len(_VALUE_TAG), limits)
    is_first = np.diff(row, prepend=-1) > 0
    begins = np.append(0, value_ends[:-1])
    begins[is_first] = rows.begin[row[is_first]]
    items = Items(row, begins + 2, marks, value_begins, value_ends)
    usual = _usual(data, begins, items)
    usual &= value_ends <= limits
    if not usual.all():
        odd = (~usual).nonzero()[0]
        contents, stated_ends = length_prefixed(buffer, begins[odd] + 1, limits[odd])
        is_wrong = (contents < 0) | (stated_ends != value_ends[odd])
        is_wrong |= buffer.take(begins[odd], mode="clip") != _ITEM_TAG
        is_known = np.ones(len(rows), np.bool_)
        is_known[row[odd[is_wrong]]] = False
        kept = is_known[row]
        kinds = np.full(len(odd), _ITEM), np.full(len(odd), LENGTH)
        others = FieldTable(row[odd], *kinds, contents, value_ends[odd]).where(kept[odd])
        items = items.where(usual & kept).followed_by(items_of(data, others))
        row, value_ends = row[kept], value_ends[kept]
    rests = rows.begin.copy()
    rests[row] = value_ends  # the last one of each row counts
    return items, FieldTable(rows.message, rows.number, rows.wire_type, rests, rows.end)


def _value_marks(buffer: Bytes, rows: FieldTable) -> tuple[Int64Array, Int64Array]:
    """Return where in rows the key of a value may stand, and before that the number of the row."""
    is_mark = buffer[:-1] == _VALUE_TAG[0]
    is_mark &= buffer[1:] == _VALUE_TAG[1]
    marks = places_of(is_mark)
    first = np.searchsorted(marks, rows.begin)
    counts = np.searchsorted(marks, rows.end) - first
    row = np.repeat(np.arange(len(rows)), counts)
    if len(row) != len(marks):
        marks = marks[np.arange(len(row)) + np.repeat(first - np.cumsum(counts) + counts, counts)]
    return row, marks


def _values(buffer: Bytes, at: Int64Array, limits: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return where the values begin and end whose lengths stand at some places: mostly in one byte.

    As `length_prefixed`, but that a value whose length is one byte may end beyond the limit.
    """
    lengths = buffer.take(at, mode="clip")
    begins = at + 1
    ends = begins + lengths
    longer = (lengths >= _SHORT).nonzero()[0]
    begins[longer], ends[longer] = length_prefixed(buffer, at[longer], limits[longer])
    return begins, ends


def _usual(data: bytes, begins: Int64Array, items: Items) -> npt.NDArray[np.bool_]:
    """Return which items are like nearly all: short, of one key and one value behind it, nothing else.

    That is seen from the four bytes that such an item begins with: what it is and how long it is, what its
    key is and how long that is. What lies between the key and the value is known.
    """
    everywhere = np.ndarray((len(data) - _HEAD_BYTES + 1,), "<u4", data, 0, (1,))
    heads = everywhere[np.minimum(begins, len(everywhere) - 1)]
    lengths = items.value_ends - items.key_begins
    expected = (items.key_ends - items.key_begins - 2) << _KEY_LENGTH_BITS
    expected += lengths << _ITEM_LENGTH_BITS
    usual: npt.NDArray[np.bool_] = heads == expected + _HEAD
    if not usual.all():
        usual |= heads == expected + _OTHER_HEAD
    usual &= lengths < _SHORT
    return usual


def key_text(item: bytes) -> str:
    """Return the name in the bytes of an item; the names of a nested key are joined."""
    try:
        names = [text_of(item, field) for field in fields(item) if field.number in (_KEY, _NESTED_KEY)]
    except DamagedMessageError:
        return ""
    return SEPARATOR.join(names)[:_LONGEST_NAME]


def flattened(other: OtherValue, depth: int = 8) -> list[OtherValue]:
    """Return the values inside a nested object, with the names joined."""
    if not isinstance(other.value, dict) or depth == 0:
        return [other]
    return [
        inner
        for name, value in other.value.items()
        for inner in flattened(
            OtherValue(other.row, f"{other.tag}{SEPARATOR}{name}"[:_LONGEST_NAME], value), depth - 1
        )
    ]


def _odd_items(data: bytes, fields_of_rows: FieldTable) -> Items:
    table, _ = field_table(data, fields_of_rows.begin, fields_of_rows.end)
    keys = table.where((table.number == _KEY) | (table.number == _NESTED_KEY))
    key_ends = np.full(len(fields_of_rows), -1, np.int64)
    key_ends[keys.message] = keys.end  # of several names of a nested key, the last one's
    values = table.of(_VALUE_JSON)
    which = values.message
    found = Items(
        fields_of_rows.message[which], fields_of_rows.begin[which], key_ends[which], values.begin, values.end
    )
    return found.where(found.key_ends >= 0)


def _slices(data: bytes, begins: Int64Array, ends: Int64Array) -> list[bytes]:
    return list(map(data.__getitem__, map(slice, begins.tolist(), ends.tolist())))


def _parse_numbers(data: bytes, begins: Int64Array, ends: Int64Array) -> Float64Array:
    """Return the numbers at some places."""
    text = np.frombuffer(data, np.uint8)
    values = np.empty(len(begins))
    for first in range(0, len(begins), _NUMBERS_AT_ONCE):
        part = slice(first, first + _NUMBERS_AT_ONCE)
        numbers = read_numbers(text, begins[np.newaxis, part], ends[np.newaxis, part])
        values[part] = numbers.values[0]
        odd = part.start + numbers.odd[0].nonzero()[0]
        for index, spelling in zip(odd.tolist(), _slices(data, begins[odd], ends[odd]), strict=True):
            number = as_float(_parse_one(spelling))
            values[index] = np.nan if number is None else number
    return values


def _parse_one(text: bytes) -> object:
    try:
        return parse(text)
    except ValueError:
        return None
