"""The wire format of protobuf messages, read without the protobuf runtime.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tuimon.core.frozen import frozen

VARINT = 0
FIXED64 = 1
LENGTH = 2
FIXED32 = 5

_LONGEST_VARINT = 10
_FIXED_BYTES = {FIXED64: 8, FIXED32: 4}


class DamagedMessageError(ValueError):
    """The bytes are no protobuf message."""


@frozen
class Field:
    """One field of a message, where it stands.

    Attributes:
        number: The field number of the message's definition.
        wire_type: `VARINT`, `FIXED64`, `LENGTH` or `FIXED32`.
        begin: Where its content begins, behind the key and the length.
        end: Where its content ends.
    """

    number: int
    wire_type: int
    begin: int
    end: int


def fields(message: bytes, begin: int = 0, end: int | None = None) -> Iterator[Field]:
    """Yield the fields of a message in the order in which they stand there.

    Raises:
        DamagedMessageError: If a field is cut off or is of a wire type that does not exist.
    """
    end = len(message) if end is None else end
    while begin < end:
        key, at = varint(message, begin, end)
        wire_type = key & 7
        if wire_type == VARINT:
            stop = varint(message, at, end)[1]
        elif wire_type == LENGTH:
            length, at = varint(message, at, end)
            stop = at + length
        elif wire_type in _FIXED_BYTES:
            stop = at + _FIXED_BYTES[wire_type]
        else:
            raise DamagedMessageError(f"wire type {wire_type} at byte {begin}")
        if stop > end or key < 8:
            raise DamagedMessageError(f"a field at byte {begin} is cut off or has number 0")
        yield Field(key >> 3, wire_type, at, stop)
        begin = stop


def varint(message: bytes, begin: int, end: int) -> tuple[int, int]:
    """Return the unsigned number that begins at `begin`, and where it ends.

    Raises:
        DamagedMessageError: If it does not end before `end` or takes more than ten bytes.
    """
    if begin < end and message[begin] < 0x80:  # most keys, lengths and types
        return message[begin], begin + 1
    value = 0
    for index, byte in enumerate(message[begin : min(end, begin + _LONGEST_VARINT)]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, begin + index + 1
    raise DamagedMessageError(f"a number at byte {begin} has no end")


def number_of(message: bytes, field: Field) -> int:
    """Return a varint field as the signed 64-bit number that it stands for."""
    _expect(field, VARINT)
    value, _ = varint(message, field.begin, field.end)
    return value - (1 << 64) if value >> 63 else value


def numbers_of(message: bytes, field: Field) -> list[int]:
    """Return a repeated varint field, packed or not, as signed 64-bit numbers."""
    if field.wire_type == VARINT:
        return [number_of(message, field)]
    _expect(field, LENGTH)
    found, at = [], field.begin
    while at < field.end:
        value, at = varint(message, at, field.end)
        found.append(value - (1 << 64) if value >> 63 else value)
    return found


def double_of(message: bytes, field: Field) -> float:
    """Return a field of type double."""
    _expect(field, FIXED64)
    value: float = struct.unpack_from("<d", message, field.begin)[0]
    return value


def bytes_of(message: bytes, field: Field) -> bytes:
    """Return a field of type bytes."""
    _expect(field, LENGTH)
    return message[field.begin : field.end]


def text_of(message: bytes, field: Field) -> str:
    """Return a field of type string; bytes that are no UTF-8 become U+FFFD."""
    return bytes_of(message, field).decode("utf-8", "replace")


def inside(message: bytes, field: Field) -> Iterator[Field]:
    """Yield the fields of a message within a message."""
    _expect(field, LENGTH)
    return fields(message, field.begin, field.end)


def _expect(field: Field, wire_type: int) -> None:
    if field.wire_type != wire_type:
        raise DamagedMessageError(f"field {field.number} at byte {field.begin} is of another type")
