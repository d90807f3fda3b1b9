"""The log pane: what happened, what was printed, the texts; filtered, scrolled, as large as the screen."""

from __future__ import annotations

import math

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import NOW, batch, make_state, snapshot_of
from tuimon.core.batch import LogLine, TextRecord
from tuimon.monitor.snapshot import RunState
from tuimon.tui.app import TuimonApp
from tuimon.tui.picture import Painter
from tuimon.tui.view import View

SIZE = (120, 40)


def printing_state(count: int = 40) -> RunState:
    lines = [LogLine(order, NOW - 60.0, "info", f"loading shard {order}") for order in range(count)]
    lines.append(LogLine(count, math.nan, "warning", "disk \x1b[31mslow\x07"))
    texts = TextRecord("sample/text", 0, 7, NOW, "Once upon a time\nthere was \x1b[2J a model")
    return make_state([batch("loss", [2.0, 1.0]), *lines, texts])


def log(view: View) -> str:
    return pane_text(Painter("braille").paint(snapshot_of(printing_state()), view, *SIZE), "log")


def test_what_was_printed_is_shown_with_its_newest_line_last() -> None:
    text = log(View("run-1", log_shows="console"))
    assert "41 printed lines, 1 texts: v" in text
    assert text.splitlines()[-2].strip("│ ").startswith("disk")
    assert "11:59" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_texts_are_shown_with_their_tag_and_step() -> None:
    text = log(View("run-1", log_shows="texts", full_log=True))
    assert "sample/text @7" in text
    assert "Once upon a time" in text
    assert "\x1b" not in text


def test_lines_are_filtered_like_charts() -> None:
    assert "shard 17" in log(View("run-1", log_shows="console", log_filter="shard 17"))
    assert "shard 18" not in log(View("run-1", log_shows="console", log_filter="shard 17"))
    assert "loading" not in log(View("run-1", log_shows="console", log_filter="!shard"))
    assert "no such line" in log(View("run-1", log_shows="console", log_filter="nothing"))
    assert "start" not in log(View("run-1", log_filter="loss 2")).replace("Events", "")


async def test_a_log_fills_the_screen_is_searched_and_scrolled_by_keys() -> None:
    app = TuimonApp(FixedFeed(snapshot_of(printing_state(200))), run_name="run-1")
    async with app.run_test(size=SIZE) as pilot:
        app.view.focus = "log"
        await press(pilot, "v", "enter")
        assert app.picture is not None
        assert not app.picture.plan.charts
        assert "shard 199" in pane_text(app.picture, "log")
        await press(pilot, "g")
        assert "shard 0 " in pane_text(app.picture, "log")
        await press(pilot, "slash", *"shard", "space", *"42", "enter")
        assert "shard 42" in pane_text(app.picture, "log")
        assert "shard 43" not in pane_text(app.picture, "log")
        await press(pilot, "escape")
        assert app.picture.plan.charts
