"""Bytes of event files for the workloads: fields of messages, and the frames around records.

`tests/sources/event_writer.py` says what stands where; a benchmark runs without the tests.
"""

from __future__ import annotations

import struct

from tuimon.core.checksums import masked_crc


def frame(record: bytes) -> bytes:
    """Return a record between its length and the checksums of both."""
    length = struct.pack("<Q", len(record))
    checksums = (struct.pack("<I", masked_crc(each)) for each in (length, record))
    return next(checksums).join((length, record)) + next(checksums)


def version(wall_time: float) -> bytes:
    """Return the record that begins a file."""
    return frame(head(wall_time) + field(3, b"brain.Event:2"))


def head(wall_time: float, step: int = 0) -> bytes:
    """Return the time (unix seconds) and the step of an event; a step of 0 is left out."""
    time = b"\x09" + struct.pack("<d", wall_time)
    return time + (b"\x10" + varint(step) if step else b"")


def field(number: int, content: bytes) -> bytes:
    """Return a field that holds bytes, a text or another message."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first."""
    septets = bytearray()
    while number > 127:
        septets.append(number & 127 | 128)
        number >>= 7
    return bytes([*septets, number])
