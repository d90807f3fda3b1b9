"""The messages of TensorBoard event files: Event, Summary.Value and TensorProto.

Field numbers: tensorboard/compat/proto/{event,summary,tensor,types}.proto in
https://github.com/tensorflow/tensorboard
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tuimon.core.batch import ValueArray
from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.sources.protobuf import (
    DamagedMessageError,
    Field,
    bytes_of,
    double_of,
    fields,
    inside,
    number_of,
    numbers_of,
    text_of,
)

SIMPLE_VALUE, IMAGE, HISTOGRAM, AUDIO, TENSOR = 2, 4, 5, 6, 8
SESSION_START, SESSION_CHECKPOINT = 1, 3
# The year 5138.
_LATEST_S = 1e11
DT_FLOAT, DT_STRING, DT_BFLOAT16 = 1, 7, 14

_STRING_VALUES = 8
# Per number type: how an element is laid out in tensor_content, and the number of the field that lists
# elements instead. BFLOAT16 is the upper half of a float32; elements of half_val are the bits of a float16.
_NUMBER_TYPES: dict[int, tuple[np.dtype[np.generic], int]] = {
    DT_FLOAT: (np.dtype("<f4"), 5),
    2: (np.dtype("<f8"), 6),
    3: (np.dtype("<i4"), 7),
    4: (np.dtype("u1"), 7),
    5: (np.dtype("<i2"), 7),
    6: (np.dtype("i1"), 7),
    9: (np.dtype("<i8"), 10),
    10: (np.dtype("u1"), 11),
    DT_BFLOAT16: (np.dtype("<u2"), 13),
    17: (np.dtype("<u2"), 7),
    19: (np.dtype("<f2"), 13),
    22: (np.dtype("<u4"), 16),
    23: (np.dtype("<u8"), 17),
}
_FIXED_ELEMENTS = (5, 6)
_OTHER_CONTENTS = {4: "graph", 6: "log", 8: "run_metadata", 9: "meta_graph"}


@frozen
class Scalar:
    """One number.

    Attributes:
        values: One element, as precise as it was logged.
        dtype: Its tensor type, for `read_numbers`.
        place: Where in the record its bytes stand, or None if they have no fixed width.
    """

    values: ValueArray
    dtype: int
    place: int | None


@frozen
class Tensor:
    """A TensorProto: its type, its shape and where its elements stand in the record."""

    dtype: int = 0
    shape: tuple[int, ...] = ()
    content: Field | None = None
    elements: tuple[Field, ...] = ()


@dataclass(slots=True)
class Value:
    """A Summary.Value: what was logged under one tag.

    Attributes:
        tag: The full name.
        tag_place: Where the tag stands in the record, or None.
        plugin: The plug-in that shows it, or "" where this record does not tell.
        plugin_content: What the plug-in keeps in the metadata.
        kind: `SIMPLE_VALUE`, `IMAGE`, `HISTOGRAM`, `AUDIO`, `TENSOR` or 0.
        place: Where the value stands in the record.
        tensor: Set if `kind` is `TENSOR`.
        scalar: Set if the value is one number and no plug-in claims it for something else.
    """

    tag: str = ""
    tag_place: Field | None = None
    plugin: str = ""
    plugin_content: bytes = b""
    kind: int = 0
    place: Field | None = None
    tensor: Tensor | None = None
    scalar: Scalar | None = None


@dataclass(slots=True)
class Event:
    """One record of an event file.

    Attributes:
        record: The bytes that all places refer to.
        wall_time: Unix seconds; NaN where none was logged.
        step: As logged; 0 where none was logged, which is how protobuf writes a zero.
        values: What was logged.
        file_version: Set in the first record of a writer.
        session_status: `SESSION_START`, `SESSION_CHECKPOINT`, another status, or 0.
        session_text: The path of the checkpoint, or a message.
        other: "graph", "log" and the like if the record holds something else.
        wall_time_at: Where the eight bytes of the time stand, or None.
        step_place: Where the step stands, or None.
    """

    record: bytes
    wall_time: float = math.nan
    step: int = 0
    values: list[Value] = field(default_factory=list)
    file_version: str = ""
    session_status: int = 0
    session_text: str = ""
    other: str = ""
    wall_time_at: int | None = None
    step_place: Field | None = None

    @property
    def holds_only_values(self) -> bool:
        """Whether the record says nothing of its writer, its session or a graph."""
        return not (self.file_version or self.session_status or self.other)

    @property
    def holds_only_numbers(self) -> bool:
        """Whether nothing but numbers was logged."""
        return self.holds_only_values and all(value.scalar is not None for value in self.values)


def parse_event(record: bytes) -> Event:
    """Return what one record holds. Of a field that occurs twice the last one counts, as in protobuf.

    Raises:
        DamagedMessageError: If the record is no Event message.
    """
    event = Event(record)
    for part in fields(record):
        if part.number == 1:
            wall_time = double_of(record, part)
            event.wall_time = wall_time if abs(wall_time) < _LATEST_S else math.nan
            event.wall_time_at = part.begin
        elif part.number == 2:
            event.step, event.step_place = number_of(record, part), part
        elif part.number == 3:
            event.file_version = text_of(record, part)
        elif part.number == 5:
            event.values += [
                _parse_value(record, value) for value in inside(record, part) if value.number == 1
            ]
        elif part.number == 7:
            _parse_session(event, part)
        else:
            event.other = _OTHER_CONTENTS.get(part.number, event.other)
    return event


def moments(wall_times: Float64Array) -> Float64Array:
    """Return wall times as logged, NaN for what is no moment: the work of a broken clock."""
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
        found: Float64Array = wall_times.astype(np.float64)
        if not (found.min(initial=0) > -_LATEST_S and found.max(initial=0) < _LATEST_S):
            found[~(np.abs(found) < _LATEST_S)] = np.nan
    return found


def read_numbers(raw: npt.NDArray[np.uint8], dtype: int) -> ValueArray:
    """Return the numbers that stand in `raw`, uint8[n, width], `as_logged`."""
    return as_logged(raw.view(layout_of(dtype))[:, 0], dtype)


def as_logged(numbers: npt.NDArray[np.generic], dtype: int) -> ValueArray:
    """Return the numbers of a tensor type, which are of its layout, as float32 or float64.

    float16, bfloat16 and float32 become float32, everything else float64.
    """
    if dtype == DT_BFLOAT16:
        return (numbers.astype("<u4") << np.uint32(16)).view(np.float32)
    is_single = numbers.dtype.kind == "f" and numbers.dtype.itemsize <= 4
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
        return numbers.astype(np.float32) if is_single else numbers.astype(np.float64)


def layout_of(dtype: int) -> np.dtype[np.generic]:
    """Return how a number of a tensor type is laid out."""
    return _NUMBER_TYPES[dtype][0]


def number_width(dtype: int) -> int:
    """Return how many bytes one number of a tensor type takes."""
    return _NUMBER_TYPES[dtype][0].itemsize


def tensor_numbers(record: bytes, tensor: Tensor) -> ValueArray | None:
    """Return all numbers of a tensor in one row, or None if it holds no numbers or not all of them."""
    if tensor.dtype not in _NUMBER_TYPES:
        return None
    raw = _raw_numbers(record, tensor)
    if not raw:
        return np.empty(0, np.float64) if 0 in tensor.shape else None
    width = number_width(tensor.dtype)
    if len(raw) != width * math.prod(tensor.shape):
        return None
    return read_numbers(np.frombuffer(raw, np.uint8).reshape(-1, width), tensor.dtype)


def tensor_strings(record: bytes, tensor: Tensor) -> list[bytes]:
    """Return all strings of a tensor; none if it holds no strings."""
    if tensor.dtype != DT_STRING:
        return []
    return [bytes_of(record, part) for part in tensor.elements]


def _parse_session(event: Event, part: Field) -> None:
    for item in inside(event.record, part):
        if item.number == 1:
            event.session_status = number_of(event.record, item)
        elif item.number in (2, 3):
            event.session_text = text_of(event.record, item)


def _parse_value(record: bytes, part: Field) -> Value:
    value = Value()
    for item in inside(record, part):
        if item.number == 1:
            value.tag, value.tag_place = text_of(record, item), item
        elif item.number == 9:
            value.plugin, value.plugin_content = _parse_metadata(record, item)
        elif item.number in (SIMPLE_VALUE, IMAGE, HISTOGRAM, AUDIO, TENSOR):
            value.kind, value.place = item.number, item
    if value.kind == SIMPLE_VALUE and value.place:
        value.scalar = _read_scalar(record, value.place, DT_FLOAT)
    elif value.kind == TENSOR and value.place:
        value.tensor = _parse_tensor(record, value.place)
        if value.plugin in ("", "scalars"):
            value.scalar = _tensor_scalar(record, value.tensor)
    return value


def _parse_metadata(record: bytes, part: Field) -> tuple[str, bytes]:
    """Return the name and the content of SummaryMetadata.plugin_data."""
    name, content = "", b""
    for plugin in inside(record, part):
        if plugin.number != 1:
            continue
        for item in inside(record, plugin):
            if item.number == 1:
                name = text_of(record, item)
            elif item.number == 2:
                content = bytes_of(record, item)
    return name, content


def _parse_tensor(record: bytes, part: Field) -> Tensor:
    parts = list(inside(record, part))
    dtype = next((number_of(record, item) for item in parts if item.number == 1), 0)
    shape = next((_parse_shape(record, item) for item in parts if item.number == 2), ())
    content = next((item for item in parts if item.number == 4 and item.end > item.begin), None)
    if dtype == DT_STRING:
        return Tensor(dtype, shape, content, tuple(item for item in parts if item.number == _STRING_VALUES))
    listed = _NUMBER_TYPES[dtype][1] if dtype in _NUMBER_TYPES else -1
    elements = tuple(item for item in parts if item.number == listed and item.end > item.begin)
    return Tensor(dtype, shape, content, elements)


def _parse_shape(record: bytes, part: Field) -> tuple[int, ...]:
    return tuple(
        next((number_of(record, item) for item in inside(record, size) if item.number == 1), 0)
        for size in inside(record, part)
        if size.number == 2
    )


def _raw_numbers(record: bytes, tensor: Tensor) -> bytes:
    """Return the elements of a tensor as they would stand in tensor_content."""
    if tensor.content is not None:
        return bytes_of(record, tensor.content)
    layout, listed = _NUMBER_TYPES[tensor.dtype]
    if listed in _FIXED_ELEMENTS:
        return b"".join(record[part.begin : part.end] for part in tensor.elements)
    numbers = [number for part in tensor.elements for number in numbers_of(record, part)]
    bits = np.array(numbers, np.int64).astype(np.dtype(f"<i{layout.itemsize}"))
    return bits.tobytes()


def _tensor_scalar(record: bytes, tensor: Tensor) -> Scalar | None:
    if tensor.dtype not in _NUMBER_TYPES or math.prod(tensor.shape) != 1:
        return None
    numbers = tensor_numbers(record, tensor)
    if numbers is None:
        return None
    if tensor.content is not None:
        return Scalar(numbers, tensor.dtype, tensor.content.begin)
    is_fixed = _NUMBER_TYPES[tensor.dtype][1] in _FIXED_ELEMENTS
    return Scalar(numbers, tensor.dtype, tensor.elements[0].begin if is_fixed else None)


def _read_scalar(record: bytes, part: Field, dtype: int) -> Scalar:
    width = number_width(dtype)
    if part.end - part.begin != width:
        raise DamagedMessageError(f"a number at byte {part.begin} is of another size")
    raw = np.frombuffer(record, np.uint8)[part.begin : part.end].reshape(1, width)
    return Scalar(read_numbers(raw, dtype), dtype, part.begin)
