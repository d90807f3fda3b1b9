"""An update sends the cells that changed, at their places, and no others."""

from __future__ import annotations

import re

from tests.tui.feeds import FixedFeed
from tests.tui.states import sample_snapshot
from tuimon.tui.app import TuimonApp
from tuimon.tui.plan import Rect
from tuimon.tui.rows import Row
from tuimon.tui.widgets.board import Board
from tuimon.tui.widgets.spans import SpanCompositor

PLACES = {"left": Rect(0, 0, 20, 3), "right": Rect(20, 0, 20, 3)}
_STYLE = re.compile(r"\x1b\[[\d;]*m")


def rows(*lines: str) -> list[Row]:
    return [((line.ljust(20), 0),) for line in lines]


async def update(app: TuimonApp, left: list[Row], right: list[Row]) -> str | None:
    board = app.query_one(Board)
    board.show(PLACES, {"left": left, "right": right})
    compositor = app.screen._compositor  # what Textual itself asks
    assert isinstance(compositor, SpanCompositor)
    compositor.update_widgets({board})
    sent = compositor.render_partial_update()
    return None if sent is None else _STYLE.sub("", sent.render_segments(app.console))


async def test_changed_cells_are_sent_and_nothing_beside_them() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()))
    async with app.run_test(size=(40, 3)) as pilot:
        await update(app, rows("loss 1.25", "grad 0.5", ""), rows("a", "b", "损失 1"))
        await pilot.pause()
        assert await update(app, rows("loss 1.25", "grad 0.5", ""), rows("a", "b", "损失 1")) is None
        sent = await update(app, rows("loss 1.35", "grad 0.5", ""), rows("a", "c", "损失 12"))
        assert sent == "\x1b[1;8H3\x1b[2;21Hc\x1b[3;27H2"
        sent = await update(app, rows("loss 1.35", "grad 0.5"), rows("a", "c", "损失 12"))
        assert sent == "\x1b[3;1H" + " " * 20
