"""A small writer of TensorBoard event files, by hand and on purpose without the code under test.

A frame is length (uint64), masked CRC-32C of the length, record, masked CRC-32C of the record. A record is
an Event message: wall_time = 1 (double), step = 2 (varint), file_version = 3, graph_def = 4, summary = 5,
session_log = 7. A Summary holds values = 1: tag = 1, simple_value = 2 (float), tensor = 8, metadata = 9.
"""

from __future__ import annotations

import struct

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
START_S = 1.7e9


def crc32c(record: bytes) -> int:
    """Return the CRC-32C of `record`, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in record:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(record: bytes) -> bytes:
    """Return the four bytes that stand for the checksum of `record`."""
    crc = crc32c(record)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(record: bytes) -> bytes:
    """Return `record` as it stands in a file."""
    length = struct.pack("<Q", len(record))
    return length + masked(length) + record + masked(record)


def varint(number: int) -> bytes:
    """Return a number, seven bits to a byte; a negative one takes ten bytes."""
    number &= (1 << 64) - 1
    septets = bytearray()
    while number > 127:
        septets.append(number & 127 | 128)
        number >>= 7
    return bytes([*septets, number])


def field(number: int, content: bytes | str | int, wire_type: int = LENGTH) -> bytes:
    """Return one field of a message."""
    key = varint(number << 3 | wire_type)
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return key + (varint(len(raw)) if wire_type == LENGTH else b"") + raw


def event(content: bytes, step: int = 0, wall_time: float | None = None) -> bytes:
    """Return an Event record; a step of 0 is left out, as protobuf does."""
    wall_time = START_S + step if wall_time is None else wall_time
    time = field(1, struct.pack("<d", wall_time), FIXED64)
    return time + (field(2, step) if step else b"") + content


def version(wall_time: float = START_S) -> bytes:
    """Return the first record of every file, framed."""
    return frame(event(field(3, "brain.Event:2"), wall_time=wall_time))


def summary(*values: bytes) -> bytes:
    """Return the Summary field of an event."""
    return field(5, b"".join(field(1, value) for value in values))


def simple(tag: str, value: float) -> bytes:
    """Return a Summary.Value as TensorFlow 1 and PyTorch write it."""
    return field(1, tag) + field(2, struct.pack("<f", value), FIXED32)


def tensor(tag: str, content: bytes, plugin: str = "") -> bytes:
    """Return a Summary.Value that holds a TensorProto."""
    metadata = field(9, field(1, field(1, plugin))) if plugin else b""
    return field(1, tag) + field(8, content) + metadata


def number(dtype: int, raw: bytes) -> bytes:
    """Return a TensorProto of no dimension, its content as raw bytes."""
    return field(1, dtype) + field(2, b"") + field(4, raw)


def scalar(tag: str, step: int, value: float, wall_time: float | None = None) -> bytes:
    """Return a framed record that holds one number."""
    return frame(event(summary(simple(tag, value)), step, wall_time))


def loop(steps: range, tags: tuple[str, ...] = ("train/loss", "train/lr")) -> list[bytes]:
    """Return the framed records of a training loop: the value of tag i at step s is s + i / 4."""
    return [scalar(tag, step, step + i / 4) for step in steps for i, tag in enumerate(tags)]
