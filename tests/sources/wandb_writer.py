"""Writes `.wandb` files for tests: protobuf records in blocks of 32 KiB."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping

HEADER = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
BLOCK_BYTES = 32768


def varint(value: int) -> bytes:
    """Return an unsigned number as protobuf writes it."""
    found = b""
    while value >= 0x80:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def number(field: int, value: int) -> bytes:
    """Return a varint field."""
    return varint(field << 3) + varint(value)


def part(field: int, content: bytes | str) -> bytes:
    """Return a field of bytes, a text or a message."""
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def record(field: int, content: bytes, num: int = 1) -> bytes:
    """Return a Record that holds one message."""
    return number(1, num) + part(field, content)


def history(items: Mapping[str | tuple[str, ...], str], num: int = 1, *, step: int | None = None) -> bytes:
    """Return a record of history; the values are JSON texts, nested keys are tuples."""
    content = b"".join(part(1, _key(name) + part(16, text)) for name, text in items.items())
    if step is not None:
        content += part(2, number(1, step) if step else b"")
    return record(2, content, num)


def summary(items: Mapping[str | tuple[str, ...], str], num: int = 1) -> bytes:
    """Return a record of the summary, which repeats the last row."""
    return record(3, b"".join(part(1, _key(name) + part(16, text)) for name, text in items.items()), num)


def stats(items: Mapping[str, str], seconds: int) -> bytes:
    """Return a record of samples of the machine."""
    found = b"".join(part(3, part(1, name) + part(16, text)) for name, text in items.items())
    return record(7, part(2, number(1, seconds) + number(2, 500_000_000)) + found)


def output(text: str, seconds: int = 100) -> bytes:
    """Return a record of console output."""
    return record(13, number(1, 1) + part(2, number(1, seconds)) + part(3, text))


def run(config: Mapping[str, str] = {}, *, start: int = 1000, name: str = "a run") -> bytes:
    """Return a run record; the values of the config are JSON texts."""
    items = b"".join(part(1, part(1, key) + part(16, text)) for key, text in config.items())
    return record(
        17, part(1, "abc") + part(4, items) + part(8, name) + part(13, "node17") + part(17, number(1, start))
    )


def exit_record(code: int, runtime: int = 60) -> bytes:
    """Return the record of a run's end."""
    return record(18, (number(1, code) if code else b"") + number(2, runtime))


def file_of(records: Iterable[bytes]) -> bytes:
    """Return the file that holds some records."""
    found = bytearray(HEADER)
    for content in records:
        rest, is_first = content, True
        while is_first or rest:
            room = BLOCK_BYTES - len(found) % BLOCK_BYTES
            if room < 7:
                found += bytes(room)
                room = BLOCK_BYTES
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = bytes([(1 if is_first else 4) if not rest else (2 if is_first else 3)])
            found += struct.pack("<IH", zlib.crc32(kind + piece), len(piece)) + kind + piece
            is_first = False
    return bytes(found)


def _key(name: str | tuple[str, ...]) -> bytes:
    return part(1, name) if isinstance(name, str) else b"".join(part(2, each) for each in name)
