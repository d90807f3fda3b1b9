"""Inks can be read: on black with the dark theme, on white with the light one."""

from __future__ import annotations

import pytest
from rich.color import Color
from rich.style import Style as RichStyle

from tuimon.analysis.findings.finding import Severity
from tuimon.analysis.status import Status
from tuimon.charts.style import Style
from tuimon.tui.ink import (
    SEVERITY_INK,
    SEVERITY_WORD,
    STATUS_GLYPH,
    STATUS_GLYPH_ASCII,
    STATUS_INK,
    THEMES,
    Ink,
    palette,
)

# What is no text: borders, the grid and the raw points that lie dim behind a smoothed curve.
NO_TEXT = {Ink.FRAME, Style.GRID, *range(Style.RAW_1, Style.RAW_8 + 1)}
EVERY_INK: set[int] = {*Style, *Ink}


def luminance(color: Color) -> float:
    """The relative luminance of WCAG 2."""
    assert color.triplet is not None
    parts = [part / 255 for part in color.triplet]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: RichStyle, background: float) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""
    assert style.color is not None
    bright, dark = sorted((luminance(style.color), background), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("theme", "background"), [("dark", 0.0), ("light", 1.0)])
def test_every_text_ink_has_the_contrast_that_people_need(theme: str, background: float) -> None:
    styles = palette(theme)
    faint = {
        ink: round(contrast(styles[ink], background), 2)
        for ink in sorted(EVERY_INK - NO_TEXT - {Ink.TEXT})
        if contrast(styles[ink], background) < 4.5
    }
    assert faint == {}


@pytest.mark.parametrize(("theme", "background"), [("dark", 0.0), ("light", 1.0)])
def test_curves_stand_out_before_the_raw_points_behind_them(theme: str, background: float) -> None:
    styles = palette(theme)
    for series in range(8):
        curve, raw = styles[Style.SERIES_1 + series], styles[Style.RAW_1 + series]
        assert contrast(curve, background) > 1.3 * contrast(raw, background) > 1.3


@pytest.mark.parametrize("theme", ["dark", "light", "ansi"])
def test_a_theme_with_colours_has_one_for_every_ink_but_plain_text(theme: str) -> None:
    assert EVERY_INK - set(THEMES[theme]) == {Ink.TEXT}


def test_plain_text_and_backgrounds_are_the_terminals_own() -> None:
    for theme in THEMES:
        styles = palette(theme)
        assert styles[Ink.TEXT] == RichStyle.null()
        assert all(style.bgcolor is None for style in styles)


def test_the_theme_without_colour_has_none() -> None:
    assert all(style.color is None for style in palette("mono"))


def test_the_sixteen_colours_are_named_so_that_the_terminals_palette_holds() -> None:
    assert all(style.color is None or style.color.triplet is None for style in palette("ansi"))


def test_no_ink_shares_its_number_with_another() -> None:
    assert set(map(int, Style)) & set(map(int, Ink)) == {Ink.TEXT}
    assert max(EVERY_INK) < len(palette("dark"))


def test_colour_is_never_the_only_sign() -> None:
    assert set(STATUS_INK) == set(STATUS_GLYPH) == set(STATUS_GLYPH_ASCII) == set(Status)
    assert len(set(STATUS_GLYPH.values())) == len(set(STATUS_GLYPH_ASCII.values())) == len(Status)
    assert all(glyph.isascii() for glyph in STATUS_GLYPH_ASCII.values())
    assert set(SEVERITY_INK) == set(SEVERITY_WORD) == set(Severity)
    assert len(set(SEVERITY_WORD.values())) == len(Severity)
