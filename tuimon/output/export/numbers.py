"""Columns of numbers as text, each number as short as it can be without losing a bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson


def texts_of(numbers: npt.NDArray[Any], *, quoted: bool = False, unknown: bytes | None = None) -> list[bytes]:
    """Return a text for each number of an int64[n], float32[n] or float64[n].

    A float32 is written as the double that it is, so that a reader that knows doubles only gets the same
    number. NaN and infinities are `NaN`, `Infinity` and `-Infinity`, which readers of tables know.

    Args:
        numbers: The column.
        quoted: Put NaN and infinities into quotation marks, as JSON needs them.
        unknown: What stands in the place of NaN.
    """
    if not len(numbers):
        return []
    exact = np.ascontiguousarray(numbers, np.int64 if numbers.dtype.kind == "i" else np.float64)
    texts = orjson.dumps(exact, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",")
    if exact.dtype.kind == "f" and not np.isfinite(exact).all():
        mark = b'"' if quoted else b""
        nan = mark + b"NaN" + mark if unknown is None else unknown
        infinities = {True: mark + b"Infinity" + mark, False: mark + b"-Infinity" + mark}
        for place in np.flatnonzero(~np.isfinite(exact)).tolist():
            number = exact[place]
            texts[place] = nan if np.isnan(number) else infinities[bool(number > 0)]
    return texts
