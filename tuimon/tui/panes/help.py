"""The help screen: every key, from the one table, and what could not be read."""

from __future__ import annotations

from tuimon.charts.style import Glyphs
from tuimon.tui.ink import STATUS_GLYPH, STATUS_GLYPH_ASCII, Ink
from tuimon.tui.keys import help_groups
from tuimon.tui.rows import Row, fit, wrapped

_SIGNS = (
    ("× on a chart", "NaN or infinity was logged here"),
    ("dotted bar, r2", "the run was restarted: attempt 2 begins"),
    ("! on a chart", "a finding: e goes to it, Enter explains it"),
    ("c on the axis", "a checkpoint was saved"),
)


def help_rows(width: int, problems: list[str], glyphs: Glyphs) -> list[Row]:
    """Return the whole help, `width` cells wide; it scrolls."""
    rows: list[Row] = []
    if problems:
        rows.append((("What could not be read", Ink.TITLE),))
        for problem in problems:
            rows += [((line, Ink.WARNING),) for line in wrapped(f"- {problem}", width, indent="  ")]
        rows.append(())
    for group, keys in help_groups():
        rows.append(((group, Ink.TITLE),))
        rows += [((f"  {key.shown:<14} ", Ink.KEY), (key.help, Ink.TEXT)) for key in keys]
        rows.append(())
    rows.append((("Signs", Ink.TITLE),))
    status_glyph = STATUS_GLYPH if glyphs == "braille" else STATUS_GLYPH_ASCII
    statuses = (" ".join(status_glyph.values()), ", ".join(status_glyph))
    rows += [((f"  {sign:<14} ", Ink.KEY), (meaning, Ink.TEXT)) for sign, meaning in (*_SIGNS, statuses)]
    return [fit(row, width) for row in rows]
