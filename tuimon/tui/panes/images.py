"""A logged image in the place of the charts: half blocks in colour, shades without."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tuimon.charts.style import Glyphs
from tuimon.core.batch import ImageRecord
from tuimon.core.text import clean
from tuimon.core.units import format_clock
from tuimon.monitor.images import resized
from tuimon.monitor.png import Pixels
from tuimon.store.records import Records
from tuimon.tui.ink import Ink, image_ink
from tuimon.tui.rows import Row, Span, fit, row_width
from tuimon.tui.view import View

_HALF = "▀"
# The denser the brighter, as a dark screen shows it.
_SHADES = {"braille": " ░▒▓█", "ascii": " .:-=+*#%@"}
# Small images are shown larger, but a pixel never takes more cells than this.
_LARGEST_PIXEL = 8
# ITU-R BT.601, 2.5.1: what red, green and blue add to brightness.
_BRIGHTNESS = np.array([0.299, 0.587, 0.114])


def chosen_image(images: Mapping[str, Records[ImageRecord]], view: View) -> tuple[str, ImageRecord]:
    """Return the tag and the image that the view means; there must be one. The view is kept within them."""
    view.cursor["image_tag"] = max(0, min(view.line("image_tag"), len(images) - 1))
    tag = list(images)[view.line("image_tag")]
    kept = images[tag].kept
    view.cursor["image_back"] = max(0, min(view.line("image_back"), len(kept) - 1))
    return tag, kept[-1 - view.line("image_back")]


def image_title(
    images: Mapping[str, Records[ImageRecord]], view: View, now: float, width: int
) -> tuple[Row, Row]:
    """Return what is shown, and at the right edge how to see the others, in so few words as there is room."""
    tag, image = chosen_image(images, view)
    held = images[tag]
    number = held.count - view.line("image_back")
    if view.line("image_back") >= len(held.last):  # one of the first, before those that were let go
        number = len(held.kept) - view.line("image_back")
    size = f"  {image.width} x {image.height}" if image.width and image.height else ""
    clock = "" if np.isnan(image.wall_time) else f"  {format_clock(image.wall_time, now)}"
    title = ((clean(tag), Ink.TITLE), (f" @{image.step}{clock}{size}", Ink.TEXT))
    hints = [f"image {number} of {held.count}: h l", f"{number}/{held.count}: h l"]
    if len(images) > 1:
        at = view.line("image_tag") + 1
        hints[0] += f"  tag {at} of {len(images)}: j k"
        hints[1] += f"  {at}/{len(images)}: j k"
    room = width - row_width(title)
    hint = next((hint for hint in (f"{hints[0]}  Esc", *hints) if len(hint) <= room), "")
    return title, ((hint, Ink.MUTED),)


def image_rows(
    found: Pixels | str | None, size: tuple[int, int], glyphs: Glyphs, *, coloured: bool
) -> list[Row]:
    """Return an image in the middle of `size` = (height, width) cells, as large as fits.

    Args:
        found: The image; or why it cannot be shown; or None while it is read.
        size: See above.
        glyphs: Half blocks and shades, or ASCII characters only.
        coloured: Whether colours can be shown; without, brightness is a denser character.
    """
    height, width = size
    if found is None or isinstance(found, str):
        text = found or "reading the image …"
        return [*[()] * (height // 2), ((f"  {clean(text)}", Ink.MUTED),)]
    # A cell is about twice as high as wide: two pixels above each other.
    rows, columns = found.shape[:2]
    share = min(2 * height / rows, width / columns, _LARGEST_PIXEL)
    wide, high = max(int(columns * share), 1), max(int(rows * share), 1)
    drawn = _drawn(resized(found, high + high % 2, wide), glyphs, coloured=coloured)
    left = (width - wide) // 2
    above: list[Row] = [()] * ((height - len(drawn)) // 2)
    return [*above, *(fit(((" " * left, Ink.TEXT), *row), width) for row in drawn)]


def _drawn(pixels: Pixels, glyphs: Glyphs, *, coloured: bool) -> list[Row]:
    """Return rows of cells, each of which stands for two pixels above each other."""
    upper, lower = pixels[::2], pixels[1::2]
    if not coloured:
        shades = _SHADES[glyphs]
        bright = (upper.astype(np.float64) + lower) / 2 @ _BRIGHTNESS
        level = (bright / 256 * len(shades)).astype(np.int64)
        return [(("".join(shades[index] for index in line), Ink.TEXT),) for line in level.tolist()]
    if glyphs == "ascii":  # nothing but the background has a colour
        upper = lower = ((upper.astype(np.uint16) + lower) // 2).astype(np.uint8)
    return [_coloured_row(above, below) for above, below in zip(upper.tolist(), lower.tolist(), strict=True)]


def _coloured_row(above: list[list[int]], below: list[list[int]]) -> Row:
    spans: list[Span] = []
    for one, other in zip(above, below, strict=True):
        ink = image_ink(one, other)
        text = " " if one == other else _HALF
        if spans and spans[-1][1] == ink:
            spans[-1] = (spans[-1][0] + text, ink)
        else:
            spans.append((text, ink))
    return tuple(spans)
