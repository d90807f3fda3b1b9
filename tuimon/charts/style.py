"""The style slots of a cell and the two sets of glyphs; the screen maps slots to colours."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

Glyphs = Literal["braille", "ascii"]
"""`braille`: braille patterns and block elements; `ascii`: nothing above 0x7e, for other locales."""

SERIES_STYLES = 8


class Style(IntEnum):
    """What a cell shows, as a number that fits in uint8.

    Slots name foregrounds: a blank cell looks the same in each of them, so `runs` may join it to its
    neighbour. Colour is never the only sign: whatever differs by slot differs by glyph, position or key too.
    """

    DEFAULT = 0
    AXIS = 1
    GRID = 2
    DIM = 3
    LABEL = 4
    SERIES_1 = 5
    SERIES_2 = 6
    SERIES_3 = 7
    SERIES_4 = 8
    SERIES_5 = 9
    SERIES_6 = 10
    SERIES_7 = 11
    SERIES_8 = 12
    RAW_1 = 13
    RAW_2 = 14
    RAW_3 = 15
    RAW_4 = 16
    RAW_5 = 17
    RAW_6 = 18
    RAW_7 = 19
    RAW_8 = 20
    NONFINITE = 21
    RESTART = 22
    EVALUATION = 23
    CHECKPOINT = 24
    EVENT = 25
    FINDING_WARNING = 26
    FINDING_CRITICAL = 27
    GOOD = 28
    WARN = 29
    BAD = 30
    CURSOR = 31


def series_style(index: int) -> Style:
    """The slot of the series at `index`; the ninth series starts again with the first slot."""
    return Style(Style.SERIES_1 + index % SERIES_STYLES)


def raw_style(style: int) -> Style:
    """The dim slot for the raw points behind a smoothed series that is drawn in `style`."""
    if Style.SERIES_1 <= style <= Style.SERIES_8:
        return Style(style - Style.SERIES_1 + Style.RAW_1)
    return Style.DIM
