"""The help screen: every key, from the one table, and what could not be read."""

from __future__ import annotations

from itertools import zip_longest

from tuimon.charts.style import Glyphs
from tuimon.tui.ink import STATUS_GLYPH, STATUS_GLYPH_ASCII, Ink
from tuimon.tui.keys import help_groups
from tuimon.tui.rows import Row, fit, wrapped

_SIGNS = (
    ("× on a chart", "NaN or infinity was logged here"),
    ("dotted bar, r2", "the run was restarted: attempt 2 begins"),
    ("! on a chart", "a finding: e goes to it, Enter explains it"),
    ("c on the axis", "a checkpoint was saved"),
    ("a at the head", "a place that was marked with m and this letter"),
    ("* in a title", "a favourite chart"),
)
_TWO_COLUMNS = 170
# Name and margins; the meaning has the rest, but no less than a word or two.
_NAME_WIDTH, _LEAST_MEANING = 17, 12


def help_rows(width: int, problems: list[str], glyphs: Glyphs) -> list[Row]:
    """Return the whole help, `width` cells wide, in two columns where there is room; it scrolls."""
    rows: list[Row] = []
    if problems:
        rows.append((("What could not be read", Ink.TITLE),))
        for problem in problems:
            rows += [((line, Ink.WARNING),) for line in wrapped(f"- {problem}", width, indent="  ")]
        rows.append(())
    columns = 2 if width >= _TWO_COLUMNS else 1
    return [
        *(fit(row, width) for row in rows),
        *_side_by_side(_sections(width // columns, glyphs), width, columns),
    ]


def _sections(width: int, glyphs: Glyphs) -> list[list[Row]]:
    """Return the groups of keys, and what signs mean, each with a blank row behind it."""
    sections = [
        [((group, Ink.TITLE),), *(row for key in keys for row in _entry(key.shown, key.help, width)), ()]
        for group, keys in help_groups()
    ]
    status_glyph = STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII
    statuses = (" ".join(status_glyph.values()), ", ".join(status_glyph))
    signs = [row for sign, meaning in (*_SIGNS, statuses) for row in _entry(sign, meaning, width)]
    return [*sections, [(("Signs", Ink.TITLE),), *signs]]


def _side_by_side(sections: list[list[Row]], width: int, columns: int) -> list[Row]:
    """Return sections below each other in columns of about the same height; none is torn apart."""
    each, most = width // columns, sum(map(len, sections)) / columns
    sides: list[list[Row]] = [[]]
    for section in sections:
        if len(sides) < columns and len(sides[-1]) + len(section) / 2 > most:
            sides.append([])
        sides[-1] += section
    rows = zip_longest(*sides, fillvalue=())
    return [fit([span for row in line for span in fit(row, each)], width) for line in rows]


def _entry(name: str, meaning: str, width: int) -> list[Row]:
    """Return a name and what it means, in as many lines as that takes."""
    lines = wrapped(meaning, max(width - _NAME_WIDTH, _LEAST_MEANING))
    names = (name, *[""] * (len(lines) - 1))
    return [
        ((f"  {each:<{_NAME_WIDTH - 3}} ", Ink.KEY), (line, Ink.TEXT))
        for each, line in zip(names, lines, strict=True)
    ]
