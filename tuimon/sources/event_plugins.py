"""What TensorBoard's plug-ins keep in event files: histograms, images, texts and hyper-parameters."""

from __future__ import annotations

import json

import numpy as np

from tuimon.core.batch import ConfigValue
from tuimon.core.columns import Float64Array
from tuimon.core.frozen import frozen
from tuimon.sources.event_proto import HISTOGRAM, Event, Tensor, Value, tensor_numbers, tensor_strings
from tuimon.sources.protobuf import (
    FIXED64,
    LENGTH,
    DamagedMessageError,
    Field,
    bytes_of,
    double_of,
    fields,
    inside,
    number_of,
    text_of,
)

_DEEPEST_VALUE = 32
# Minimum, maximum, number, sum, sum of squares; the right ends of the bins and their counts, packed.
_USUAL_HISTOGRAM = [*((number, FIXED64) for number in range(1, 6)), (6, LENGTH), (7, LENGTH)]


@frozen
class BinPlaces:
    """Where in a record the numbers of a HistogramProto stand, all of them doubles.

    Attributes:
        lowest: Of the smallest value.
        highest: Of the largest value.
        limits: Of the right ends of the bins.
        counts: Of the counts; as long as `limits`.
        others: Of the rest.
    """

    lowest: slice
    highest: slice
    limits: slice
    counts: slice
    others: tuple[slice, ...]


def places_of_bins(record: bytes, value: Value, shift: int) -> BinPlaces | None:
    """Return where a histogram that is written in the usual way stands, moved by `shift`; None for others."""
    if value.kind != HISTOGRAM or value.plugin or value.place is None:
        return None
    parts = list(inside(record, value.place))
    if [(part.number, part.wire_type) for part in parts] != _USUAL_HISTOGRAM:
        return None
    low, high, *others, limits, counts = (slice(shift + part.begin, shift + part.end) for part in parts)
    size = limits.stop - limits.start
    if size % 8 or not size or counts.stop - counts.start != size:
        return None
    return BinPlaces(low, high, limits, counts, tuple(others))


def read_histogram(event: Event, value: Value) -> tuple[Float64Array, Float64Array] | None:
    """Return the bin edges and counts of a HistogramProto or a k x 3 tensor; None if they do not fit."""
    if value.tensor is not None:
        return _tensor_histogram(event.record, value.tensor)
    parts = list(inside(event.record, value.place)) if value.place else []
    limits, counts = (_doubles(event.record, parts, number) for number in (6, 7))
    if len(limits) != len(counts) or not len(limits):
        return None
    known = {part.number: double_of(event.record, part) for part in parts if part.number in (1, 2)}
    filled = np.flatnonzero(counts)
    lowest = known.get(1, limits[filled[0] if len(filled) else 0])
    highest = known.get(2, limits[filled[-1] if len(filled) else -1])
    found = read_bins(np.array([[lowest]]), np.array([[highest]]), limits[None], counts[None])
    return found[0][0], found[1][0]


def read_bins(
    lowest: Float64Array, highest: Float64Array, limits: Float64Array, counts: Float64Array
) -> tuple[tuple[Float64Array, ...], tuple[Float64Array, ...]]:
    """Return the bin edges and the counts of histograms whose bins are known by their right ends.

    As in TensorBoard, empty bins at both sides are left out, and the outermost ones end at the smallest and
    the largest value.

    Args:
        lowest: float64[n, 1], the smallest value of each.
        highest: float64[n, 1], the largest value of each.
        limits: float64[n, k], the right ends.
        counts: float64[n, k].
    """
    edges = np.concatenate([lowest, np.clip(limits[:, :-1], lowest, highest), highest], axis=1)
    filled = counts != 0
    firsts = filled.argmax(axis=1)
    stops = counts.shape[1] - filled[:, ::-1].argmax(axis=1)
    rows = np.arange(len(counts))
    edges[rows, firsts], edges[rows, stops] = lowest[:, 0], highest[:, 0]
    places = list(zip(firsts.tolist(), stops.tolist(), strict=True))
    kept_edges = tuple(row[first : stop + 1] for row, (first, stop) in zip(edges, places, strict=True))
    return kept_edges, tuple(row[first:stop] for row, (first, stop) in zip(counts, places, strict=True))


def read_images(event: Event, value: Value) -> list[tuple[int, int, Field]]:
    """Return width, height and the place in the record of each image that was logged under one tag."""
    record = event.record
    if value.tensor is not None:
        if len(strings := tensor_strings(record, value.tensor)) < 2:
            return []
        width, height = (_size(text) for text in strings[:2])
        return [(width, height, place) for place in value.tensor.elements[2:]]
    parts = {part.number: part for part in inside(record, value.place)} if value.place else {}
    if 4 not in parts:
        return []
    height, width = (number_of(record, parts[n]) if n in parts else 0 for n in (1, 2))
    return [(width, height, parts[4])] if parts[4].wire_type == LENGTH else []


def read_text(event: Event, tensor: Tensor) -> str | None:
    """Return a text as it was logged, the cells of a table one per line; None if there is none."""
    strings = tensor_strings(event.record, tensor)
    return "\n".join(text.decode("utf-8", "replace") for text in strings) if strings else None


def read_hyper_parameters(content: bytes) -> dict[str, ConfigValue]:
    """Return the hyper-parameters of a session, nested ones with `.` between names; {} if it holds none.

    Args:
        content: HParamsPluginData, from tensorboard/plugins/hparams/plugin_data.proto.

    Raises:
        DamagedMessageError: If it is no such message.
    """
    found: dict[str, ConfigValue] = {}
    for session in fields(content):
        if session.number == 3:
            _flatten("", _read_map(content, session, 0), found)
    return found


def _tensor_histogram(record: bytes, tensor: Tensor) -> tuple[Float64Array, Float64Array] | None:
    numbers = tensor_numbers(record, tensor)
    if numbers is None or not len(numbers) or len(tensor.shape) != 2 or tensor.shape[1] != 3:
        return None
    left, right, counts = numbers.astype(np.float64).reshape(-1, 3).T.copy()
    return np.append(left, right[-1]), counts


def _doubles(record: bytes, parts: list[Field], number: int) -> Float64Array:
    """Return a repeated field of doubles, packed or not."""
    raw = b"".join(
        record[part.begin : part.end] if part.wire_type == FIXED64 else bytes_of(record, part)
        for part in parts
        if part.number == number
    )
    if len(raw) % 8:
        raise DamagedMessageError(f"field {number} of a histogram is cut off")
    return np.array(np.frombuffer(raw, "<f8"), np.float64) if raw else np.empty(0)


def _size(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _read_map(message: bytes, place: Field, depth: int) -> dict[str, object]:
    """Return field 1 of a message, a map<string, google.protobuf.Value>."""
    found: dict[str, object] = {}
    for entry in inside(message, place):
        if entry.number == 1:
            parts = {part.number: part for part in inside(message, entry)}
            key = text_of(message, parts[1]) if 1 in parts else ""
            found[key] = _read_value(message, parts[2], depth + 1) if 2 in parts else None
    return found


def _read_value(message: bytes, place: Field, depth: int) -> object:
    """Return a google.protobuf.Value; whole numbers, which it knows as doubles only, become int again."""
    if depth > _DEEPEST_VALUE:
        raise DamagedMessageError("hyper-parameters are nested too deeply")
    found: object = None
    for part in inside(message, place):
        if part.number == 2:
            number = double_of(message, part)
            found = int(number) if number.is_integer() and abs(number) < 2**53 else number
        elif part.number == 3:
            found = text_of(message, part)
        elif part.number == 4:
            found = bool(number_of(message, part))
        elif part.number == 5:
            found = _read_map(message, part, depth)
        elif part.number == 6:
            items = inside(message, part)
            found = [_read_value(message, item, depth + 1) for item in items if item.number == 1]
    return found


def _flatten(prefix: str, values: dict[str, object], found: dict[str, ConfigValue]) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            _flatten(f"{prefix}{key}.", value, found)
        elif value is None or isinstance(value, str | int | float | bool):
            found[prefix + key] = value
        else:
            found[prefix + key] = json.dumps(value, ensure_ascii=False)
