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
from tuimon.sources.protobuf_table import FieldTable, field_table, length_prefixed
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
# So many stay in the processor's cache.
_NUMBERS_AT_ONCE = 32000
_NONFINITE = {
    b"NaN": float("nan"), b"Infinity": float("inf"), b"-Infinity": float("-inf"), b"true": 1.0, b"false": 0.0,
}  # fmt: skip
_MINUS, _ZERO, _NINE, _LETTER_I = b"-09I"


@frozen(eq=False)
class Numbers:
    """Numbers: for each of m, the row int64[m] it stands in, its tag's number int64[m], and float64[m]."""

    rows: Int64Array
    tags: Int64Array
    values: Float64Array


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

    def read(self, data: bytes, items: FieldTable) -> tuple[Numbers, list[OtherValue]]:
        """Return what items hold; `items.message` tells the row of each. Damaged items are left out."""
        places = _places(data, items)
        tag_column = self._tags(data, items.begin[places.items], places.key_ends)
        known = (tag_column >= 0) & (places.value_ends > places.value_begins)
        if not known.all():
            tag_column, places = tag_column[known], places.where(known)
        return self._parse(data, places, items.message[places.items], tag_column)

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

    def _parse(
        self, data: bytes, places: _Places, rows: Int64Array, tags: Int64Array
    ) -> tuple[Numbers, list[OtherValue]]:
        buffer = np.frombuffer(data, np.uint8)
        begins, ends = places.value_begins, places.value_ends
        first = buffer[begins]
        second = buffer[np.minimum(begins + 1, ends - 1)]
        plain = (first >= _ZERO) & (first <= _NINE) | (first == _MINUS) & (second != _LETTER_I)
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


def split_items(data: bytes, rows: FieldTable) -> tuple[FieldTable, FieldTable]:
    """Return the items that rows begin with, and what is left of the rows behind them.

    A row of 500 metrics has 500 items; that each ends with its value is used to find all of them at once.
    Every item is proved to begin where the one before it ends and to be as long as it says; a row in which
    one is not is left to the general reader, whole.

    Args:
        data: The buffer in which the rows stand, rising.
        rows: Messages whose first fields are items.

    Returns:
        Items, whose `message` is the row; and the n rests.
    """
    begins, ends = rows.begin, rows.end
    if not len(rows):
        return rows, rows
    buffer = np.frombuffer(data, np.uint8)
    is_mark = buffer[:-1] == _VALUE_TAG[0]
    is_mark &= buffer[1:] == _VALUE_TAG[1]
    marks = places_of(is_mark)
    first = np.searchsorted(marks, begins)
    counts = np.searchsorted(marks, ends) - first
    row = np.repeat(np.arange(len(rows)), counts)
    marks = marks[np.arange(len(row)) + np.repeat(first - np.cumsum(counts) + counts, counts)]
    _, item_ends = length_prefixed(buffer, marks + len(_VALUE_TAG), ends[row])
    is_first = np.diff(row, prepend=-1) > 0
    item_begins = np.where(is_first, begins[row], np.concatenate(([0], item_ends[:-1])))
    contents, stated_ends = length_prefixed(buffer, item_begins + 1, ends[row])
    is_wrong = (contents < 0) | (stated_ends != item_ends)
    is_wrong |= buffer[np.minimum(item_begins, len(buffer) - 1)] != _ITEM_TAG
    is_known = np.ones(len(rows), np.bool_)
    is_known[row[is_wrong]] = False
    kept = is_known[row]
    row = row[kept]
    fields_of_items = np.full(len(row), _ITEM), np.full(len(row), LENGTH)
    items = FieldTable(row, *fields_of_items, contents[kept], item_ends[kept])
    rests = begins.copy()
    rests[row] = items.end  # the last one of each row counts
    return items, FieldTable(rows.message, rows.number, rows.wire_type, rests, ends)


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


@frozen(eq=False)
class _Places:
    """Where in the buffer items have their keys and values: int64[m] each.

    A key's own bytes begin where its item begins.
    """

    items: Int64Array
    key_ends: Int64Array
    value_begins: Int64Array
    value_ends: Int64Array

    def where(self, wanted: npt.NDArray[np.bool_]) -> _Places:
        columns = (self.items, self.key_ends, self.value_begins, self.value_ends)
        return _Places(*(column[wanted] for column in columns))


def _places(data: bytes, items: FieldTable) -> _Places:
    """Return where items hold what; those without a key or a value are left out.

    Nearly all are one key and one value behind it, nothing else: that is tried first.
    """
    buffer = np.frombuffer(data, np.uint8)
    key_begins, key_ends = length_prefixed(buffer, items.begin + 1, items.end)
    value_begins, value_ends = length_prefixed(buffer, key_ends + len(_VALUE_TAG), items.end)
    at = np.minimum(key_ends, len(buffer) - len(_VALUE_TAG))
    usual = (buffer[items.begin] == _KEY_TAG) | (buffer[items.begin] == _NESTED_KEY_TAG)
    usual &= (buffer[at] == _VALUE_TAG[0]) & (buffer[at + 1] == _VALUE_TAG[1])
    usual &= (key_begins >= 0) & (value_begins >= 0) & (value_ends == items.end)
    found = _Places(np.arange(len(items)), key_ends, value_begins, value_ends).where(usual)
    if usual.all():
        return found
    return _merged(found, _odd_places(data, items, np.flatnonzero(~usual)))


def _odd_places(data: bytes, items: FieldTable, which: Int64Array) -> _Places:
    table, _ = field_table(data, items.begin[which], items.end[which])
    keys = table.where((table.number == _KEY) | (table.number == _NESTED_KEY))
    key_ends = np.full(len(which), -1, np.int64)
    key_ends[keys.message] = keys.end  # of several names of a nested key, the last one's
    values = table.of(_VALUE_JSON)
    values = values.where(key_ends[values.message] >= 0)
    return _Places(which[values.message], key_ends[values.message], values.begin, values.end)


def _merged(one: _Places, other: _Places) -> _Places:
    parts = [
        np.concatenate((getattr(one, name), getattr(other, name)))
        for name in ("items", "key_ends", "value_begins", "value_ends")
    ]
    rank = np.argsort(parts[2], kind="stable")
    return _Places(*(part[rank] for part in parts))


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
