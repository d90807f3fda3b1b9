"""The protobuf messages of TensorBoard event files, written without the protobuf runtime.

Field numbers: tensorboard/compat/proto/{event,summary,tensor,types}.proto and
tensorboard/plugins/hparams/plugin_data.proto in https://github.com/tensorflow/tensorboard
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping

import numpy as np

from tuimon.core.batch import ConfigValue
from tuimon.core.columns import Float64Array

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_DT_FLOAT, _DT_DOUBLE, _DT_STRING = 1, 2, 7
_CHECKPOINT = 3
# Channels of an RGBA image, which is what TensorBoard is told where nobody knows.
_COLORSPACE = 4
_HPARAMS_TAG = "_hparams_/session_start_info"
_LARGEST_EXACT_INT = 2**53


def varint(number: int) -> bytes:
    """Return a whole number; a negative one as the unsigned one of 64 bits that protobuf writes."""
    rest = number & 0xFFFFFFFFFFFFFFFF
    written = bytearray()
    while rest >= 0x80:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    return bytes(written)


def event(wall_time: float, step: int, content: bytes) -> bytes:
    """Return an Event message. A time that is not known is left out."""
    begin = b"" if math.isnan(wall_time) else _key(1, _FIXED64) + struct.pack("<d", wall_time)
    return begin + _key(2, _VARINT) + varint(step) + content


def file_version() -> bytes:
    """Return the content of the event that every writer begins with."""
    return _bytes(3, b"brain.Event:2")


def checkpoint(path: str) -> bytes:
    """Return the content of an event that tells of a checkpoint."""
    return _bytes(7, _key(1, _VARINT) + varint(_CHECKPOINT) + _bytes(2, _encoded(path)))


def scalar(tag: str, *, double: bool) -> tuple[bytes, int, bytes]:
    """Return the content of an event with one number: what stands before it, its size, what stands behind.

    A float32 is a simple value, as most writers log it. A double has no place there: it is a tensor of the
    plug-in for scalars, the way in which TensorFlow 2 logs numbers.
    """
    name = _bytes(1, _encoded(tag))
    if not double:
        before, size, behind = name + _key(2, _FIXED32), 4, b""
    else:
        behind = _plugin("scalars")
        tensor = _key(1, _VARINT) + varint(_DT_DOUBLE) + _bytes(2, b"") + _key(4, _LENGTH) + varint(8)
        before, size = name + _key(8, _LENGTH) + varint(len(tensor) + 8) + tensor, 8
    value = _key(1, _LENGTH) + varint(len(before) + size + len(behind))
    summary = _key(5, _LENGTH) + varint(len(value) + len(before) + size + len(behind))
    return summary + value + before, size, behind


def text(tag: str, content: str) -> bytes:
    """Return the content of an event with a text."""
    tensor = _key(1, _VARINT) + varint(_DT_STRING) + _shape(1) + _bytes(8, _encoded(content))
    return _value(tag, _bytes(8, tensor) + _plugin("text"))


def histogram(tag: str, edges: Float64Array, counts: Float64Array) -> bytes:
    """Return the content of an event with a histogram: a tensor of left and right end and count per bin."""
    bins = np.stack([edges[:-1], edges[1:], counts], axis=1).astype("<f8")
    content = _bytes(4, bins.tobytes())
    tensor = _key(1, _VARINT) + varint(_DT_DOUBLE) + _shape(len(bins), 3) + content
    return _value(tag, _bytes(8, tensor) + _plugin("histograms"))


def image(tag: str, width: int, height: int, encoded: bytes) -> bytes:
    """Return the content of an event with an encoded image."""
    size = b"".join(_key(n, _VARINT) + varint(each) for n, each in enumerate((height, width, _COLORSPACE), 1))
    return _value(tag, _bytes(4, size + _bytes(4, encoded)))


def hyper_parameters(values: Mapping[str, ConfigValue]) -> bytes:
    """Return the content of the event from which TensorBoard's table of hyper-parameters is made."""
    entries = (_bytes(1, _bytes(1, _encoded(k)) + _bytes(2, _config_value(v))) for k, v in values.items())
    session = _bytes(3, b"".join(entries))
    nothing = _key(1, _VARINT) + varint(_DT_FLOAT) + _shape(1) + _bytes(5, struct.pack("<f", 0.0))
    return _value(_HPARAMS_TAG, _bytes(8, nothing) + _plugin("hparams", session))


def _config_value(value: ConfigValue) -> bytes:
    """Return a google.protobuf.Value. A whole number that no double holds is written as text."""
    if value is None:
        return _key(1, _VARINT) + varint(0)
    if isinstance(value, bool):
        return _key(4, _VARINT) + varint(value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < _LARGEST_EXACT_INT):
        return _key(2, _FIXED64) + struct.pack("<d", value)
    return _bytes(3, _encoded(str(value)))


def _value(tag: str, content: bytes) -> bytes:
    return _bytes(5, _bytes(1, _bytes(1, _encoded(tag)) + content))


def _plugin(name: str, content: bytes = b"") -> bytes:
    """Return the metadata of a value."""
    return _bytes(9, _bytes(1, _bytes(1, name.encode()) + (_bytes(2, content) if content else b"")))


def _shape(*sizes: int) -> bytes:
    return _bytes(2, b"".join(_bytes(2, _key(1, _VARINT) + varint(size)) for size in sizes))


def _key(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


def _bytes(number: int, content: bytes) -> bytes:
    return _key(number, _LENGTH) + varint(len(content)) + content


def _encoded(content: str) -> bytes:
    return content.encode("utf-8", "replace")
