"""A small writer of SVG: elements, numbers and texts, each one safe."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np

from tuimon.core.columns import Float64Array
from tuimon.core.text import cell_width, clean

# A mean character of a sans-serif font takes this part of its size; a wide East Asian one twice that.
_CHARACTER_WIDTH = 0.62
# No text of XML 1.0 may hold these two.
_NOT_XML = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")
# Coordinates beyond this are cut: what is so far outside of a picture cannot be seen.
_FAR = 1e5


def safe_text(text: str) -> str:
    """Return text from a file as it may stand in SVG or HTML, between tags and in attributes."""
    return escape(clean(text).translate(_NOT_XML), quote=True)


def element(name: str, content: Iterable[str] | str = (), **attributes: str | float | None) -> str:
    """Return an element.

    Args:
        name: Its name.
        content: What stands in it, already safe.
        attributes: By name, with `_` for `-` and a last `_` for names that Python has taken; None is left
            out. Texts are escaped.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = content if isinstance(content, str) else "".join(content)
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def _attribute(value: str | float) -> str:
    return safe_text(value) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """Return a coordinate with a tenth of a pixel; what is not finite is 0."""
    if not -_FAR <= value <= _FAR:
        value = _FAR if value > 0 else -_FAR if value < 0 else 0.0
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def line_path(x: Float64Array, y: Float64Array) -> str:
    """Return the path through points in pixels, float64[n]; it breaks where y is NaN."""
    cuts = np.flatnonzero(~np.isfinite(y))
    parts = zip(np.split(x, cuts), np.split(y, cuts), strict=True)
    return "".join(_stretch(px[np.isfinite(py)], py[np.isfinite(py)]) for px, py in parts)


def band_path(x: Float64Array, lower: Float64Array, upper: Float64Array) -> str:
    """Return the closed path around a band in pixels, float64[n]."""
    around = _stretch(np.concatenate([x, x[::-1]]), np.concatenate([lower, upper[::-1]]))
    return f"{around}Z" if around else ""


def _stretch(x: Float64Array, y: Float64Array) -> str:
    """Return an unbroken path; each point is written as its distance from the one before, which is short."""
    if not len(x):
        return ""
    # Tenths of a pixel as whole numbers, so that distances add up to where the line is.
    tenths = np.rint(np.clip(np.stack([x, y], axis=1), -_FAR, _FAR) * 10).astype(np.int64)
    start = tenths[0]
    moves = np.diff(tenths, axis=0)
    moves = moves[(moves != 0).any(axis=1)]
    if not len(moves):
        # A point alone is a dot: the ends of its line are round.
        return f"M{_tenth(start[0])} {_tenth(start[1])}h0"
    steps = " ".join(f"{_tenth(dx)} {_tenth(dy)}" for dx, dy in moves.tolist())
    return f"M{_tenth(start[0])} {_tenth(start[1])}l{steps}"


def _tenth(tenths: int) -> str:
    whole, rest = divmod(abs(int(tenths)), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def text_width(text: str, size: float) -> float:
    """Return about how many pixels a text takes in a font of `size` pixels."""
    return cell_width(text) * size * _CHARACTER_WIDTH
