"""What the pen writes looks like what rich writes, cell by cell, in fewer bytes."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tuimon.tui.ink import THEMES, palette
from tuimon.tui.widgets.pen import Pen

SPANS = st.lists(st.tuples(st.text("ab 损é", min_size=1, max_size=4), st.integers(0, 55)), max_size=12)
PLAIN = Style.parse("red on blue"), Style.parse("underline"), Style.parse("bold"), Style.null()


def drawn(sent: str) -> list[object]:
    screen = pyte.Screen(80, 2)
    pyte.Stream(screen).feed(sent + "Z")
    return [screen.buffer[0][x] for x in range(80)]


@pytest.mark.parametrize("colours", ["truecolor", "256", "standard"])
@pytest.mark.parametrize("theme", sorted(THEMES))
@given(spans=SPANS)
def test_every_cell_looks_as_rich_draws_it(colours: str, theme: str, spans: list[tuple[str, int]]) -> None:
    console = Console(color_system=colours, force_terminal=True)  # type: ignore[arg-type]  # one of its names
    styles = (*palette(theme), *PLAIN)
    strips = [Strip([Segment(text, styles[-ink] if ink < 5 else styles[ink])]) for text, ink in spans]
    pen = Pen(console)
    sent = "".join([*map(pen.write, strips), pen.lift()])
    plainly = "".join(strip.render(console) for strip in strips)
    assert drawn(sent) == drawn(plainly)
    assert len(sent) <= len(plainly)
