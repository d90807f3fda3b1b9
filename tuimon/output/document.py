"""JSON that scripts can rely on: every document carries its schema, and non-finite numbers are strings."""

from __future__ import annotations

import json
import math
from typing import TypeAlias

import orjson

SCHEMA = 1
_MOST_BITS = 63

Json: TypeAlias = "str | int | float | bool | dict[str, Json] | list[Json] | None"


def number(value: float | None) -> float | str | None:
    """Return a number as JSON can hold it: "NaN", "Infinity" and "-Infinity" are strings."""
    if value is None or math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def known(value: float | None) -> float | None:
    """Return a number, or None where NaN stands for a value that is not known."""
    return None if value is None or math.isnan(value) else value


def dump(document: dict[str, Json]) -> str:
    """Return a document as one line of JSON that is safe to print.

    Characters that cannot be seen and may drive a terminal are escaped (JSON itself allows some of them
    as they are); what is no valid Unicode becomes `?`.
    """
    text = orjson.dumps(_encodable({"schema": SCHEMA, **document})).decode()
    return text if text.isprintable() else text.translate(_escapes)


class _Escapes(dict[int, str]):
    """What each character becomes, found when it is met first."""

    def __missing__(self, code_point: int) -> str:
        character = chr(code_point)
        self[code_point] = character if character.isprintable() else json.dumps(character)[1:-1]
        return self[code_point]


_escapes = _Escapes()


def _encodable(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, dict):
        return {str(_encodable(key)): _encodable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_encodable(each) for each in value]
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return _rounded(value)
    return value


def _rounded(value: int) -> float | str | None:
    """Return an integer that few parsers of JSON can hold as a float."""
    try:
        return float(value)
    except OverflowError:
        return number(math.inf if value > 0 else -math.inf)
