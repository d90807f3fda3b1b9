"""JSON as programs write it: also with bare NaN and Infinity, numbers too large, and broken text."""

from __future__ import annotations

import json

import orjson


def parse(text: bytes) -> object:
    """Return what a JSON document holds.

    Strict JSON is parsed fast. What Python's `json.dumps` writes beyond it (bare `NaN`, `Infinity`), numbers
    beyond float64 (`1e400` is infinite), bytes that are no UTF-8 and lone surrogates are taken too; broken
    characters become U+FFFD or `?`, so that every string can be encoded.

    Raises:
        ValueError: The text is no JSON, or is nested too deeply.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        document: object = json.loads(text.decode("utf-8", "replace"))
        if b"\\ud" in text.lower():
            plain = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
            document = json.loads(plain)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return document
