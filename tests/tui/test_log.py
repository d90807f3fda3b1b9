"""The log pane: what happened, what was printed, the texts; filtered, scrolled, as large as the screen."""

from __future__ import annotations

import math
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import NOW, batch, make_state, snapshot_of
from tuimon.analysis.log_moments import Moments, log_moments
from tuimon.analysis.moments import Moment
from tuimon.core.batch import LifecycleRecord, LogLine, Record, ScalarBatch, TextRecord
from tuimon.monitor.events import run_events
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.store.run import HARDWARE_STREAM
from tuimon.store.run_store import KEPT_LOG_LINES, RunStore
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


def one(tag: str, order: int, step: int) -> ScalarBatch:
    return ScalarBatch((tag,), np.array([order]), np.array([step]), np.array([NOW]), (np.array([0.5]),))


def test_events_are_gathered_anew_when_the_run_has_logged_something_only() -> None:
    store, painter, view = RunStore(), Painter("braille"), View("run-1")
    rows = np.arange(30)
    store.extend(
        0, [ScalarBatch(("loss",), rows, rows, np.linspace(NOW - 60, NOW - 31, 30), (np.linspace(2, 1, 30),))]
    )
    more: tuple[tuple[int, Record], ...] = (
        (HARDWARE_STREAM, one("gpu.0.util", 1, 29)),
        (0, LifecycleRecord("checkpoint", 30, 29, NOW, "saved")),
        (HARDWARE_STREAM, one("gpu.0.util", 2, 29)),
        (0, one("loss", 31, 30)),
    )
    gathered = []
    for stream, record in more:
        store.extend(stream, [record])
        state = replace(printing_state(), run=store.freeze())
        with mock.patch("tuimon.tui.picture.run_events", wraps=run_events) as gathering:
            text = pane_text(painter.paint(snapshot_of(state), view, *SIZE), "log")
        gathered.append(gathering.called)
        assert text == pane_text(Painter("braille").paint(snapshot_of(state), view, *SIZE), "log")
    assert gathered == [True, True, False, True]


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


def linked_state(*, live: bool = False) -> RunState:
    """A run of two attempts that prints three lines behind each of its points, with times and without."""
    first = [LogLine(3 * n + k, math.nan, "info", f"first {n}.{k}") for n in range(20) for k in range(3)]
    store = RunStore()
    store.name_stream(0, "train.log")
    for n in range(20):
        store.extend(
            0,
            [
                points([n], [2.0 - n / 20], [NOW - 4000 + n]),
                *first[3 * n : 3 * n + 3],
            ],
        )
    timed = [LogLine(n, NOW - 4000 + n + 0.5, "info", f"second {n}") for n in range(20)]
    store.extend(1, timed)  # a file of its own, without points
    run = store.freeze()
    return replace(make_state([batch("loss", [1.0])], live=live), run=run)


def points(orders: list[int], values: list[float], times: list[float]) -> ScalarBatch:
    steps = np.array(orders) * 10
    return ScalarBatch(("loss",), np.array(orders) * 3, steps, np.array(times), (np.array(values),))


def go_to_log(app: TuimonApp) -> None:
    app.view.focus = "log"
    app.draw()


def marked(app: TuimonApp) -> str:
    """The line at the cursor, without its sign."""
    assert app.picture is not None
    lines = pane_text(app.picture, "log").splitlines()[1:-1]
    (line,) = [line[2:].strip("│ ") for line in lines if line.startswith("│>")]
    return line


def test_lines_belong_to_the_point_before_them_and_those_of_other_files_to_their_time() -> None:
    run = linked_state().run
    known = log_moments(run)
    steps = {line.text: step for line, step in zip(run.log, known.steps.tolist(), strict=True)}
    assert [steps[f"first 7.{k}"] for k in range(3)] == [70, 70, 70]
    assert steps["second 7"] == 70
    assert known.nearest(Moment(70.0, NOW - 4000 + 7.4)) == [line.text for line in run.log].index("second 7")
    assert known.nearest(Moment(math.nan, math.nan)) is None
    assert Moments(np.array([math.nan]), np.array([5.0])).nearest(Moment(1.0, 6.0)) == 0


async def test_the_log_goes_along_with_the_cursor_and_the_cursor_with_the_log() -> None:
    app = TuimonApp(FixedFeed(snapshot_of(linked_state())), run_name="run-1")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "i")
        assert "loss 1.05" in marked(app)
        await press(pilot, *["h"] * 50)
        assert app.view.crosshair == pytest.approx(95)
        assert "100" in marked(app) or "90" in marked(app)
        await press(pilot, "escape", "v")
        go_to_log(app)
        await press(pilot, "i")
        assert marked(app).endswith("second 19")
        seen = []
        for _ in range(4):
            await press(pilot, "k")
            seen.append((marked(app), app.view.crosshair))
        assert [line.split()[-2:] for line, _ in seen] == [["second", str(n)] for n in (18, 17, 16, 15)]
        assert [x for _, x in seen] == [180, 170, 160, 150]
        await press(pilot, "g")
        assert (marked(app), app.view.crosshair) == ("first 0.0", 0)
        await press(pilot, "j")  # at the same place of the charts, but another line
        assert (marked(app), app.view.crosshair) == ("first 0.1", 0)
        await press(pilot, "G", "enter", "j")  # as large as the screen; there is no line behind the last one
        assert (marked(app).split()[-1], app.view.crosshair) == ("19", 190)


async def test_the_newest_lines_are_back_once_the_cursor_is_gone() -> None:
    app = TuimonApp(FixedFeed(snapshot_of(linked_state())), run_name="run-1")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "ctrl+l")
        assert app.picture is not None
        before = pane_text(app.picture, "log")
        await press(pilot, "i", *["h"] * 80)
        assert pane_text(app.picture, "log") != before
        await press(pilot, "i")
        assert pane_text(app.picture, "log") == before


async def test_every_axis_has_a_place_for_lines_that_belong_to_points() -> None:
    app = TuimonApp(FixedFeed(snapshot_of(linked_state())), run_name="run-1")
    async with app.run_test(size=SIZE) as pilot:
        app.view.log_shows = "console"
        for axis, x in ((Axis.STEP, 170.0), (Axis.WALL, NOW - 4000 + 17), (Axis.RELATIVE, 17.0)):
            app.view.axis, app.view.crosshair = axis, None
            app.view.log_filter = "first 17.2|first 3.1"
            go_to_log(app)
            await press(pilot, "i")
            assert marked(app) == "first 17.2"
            assert app.view.crosshair == x
            await press(pilot, "k")
            assert marked(app) == "first 3.1"
            await press(pilot, "i")


async def test_a_zoomed_window_comes_along() -> None:
    app = TuimonApp(FixedFeed(snapshot_of(linked_state())), run_name="run-1")
    async with app.run_test(size=SIZE) as pilot:
        app.view.log_shows, app.view.log_filter = "console", "first 2.0"
        await press(pilot, "plus", "plus", "plus")
        go_to_log(app)
        await press(pilot, "i")
        assert app.view.crosshair == 20
        assert app.view.window is not None
        assert app.view.window[0] < 20 < app.view.window[1]


async def test_lines_without_time_and_points_have_no_place() -> None:
    lines = [LogLine(order, math.nan, "info", f"line {order}") for order in range(5)]
    state = make_state(lines)
    app = TuimonApp(FixedFeed(snapshot_of(state)), run_name="run-1")
    async with app.run_test(size=SIZE) as pilot:
        app.view.log_shows = "console"
        go_to_log(app)
        await press(pilot, "i")
        assert app.view.crosshair is None
        assert "no line of this log has a place" in app.view.message


def test_a_cursor_before_the_lines_that_are_kept_marks_none() -> None:
    store = RunStore()
    count = KEPT_LOG_LINES // 20 + 10
    for n in range(count):
        lines = [LogLine(3 * n, math.nan, "info", f"line {n}.{k}") for k in range(20)]
        store.extend(0, [points([n], [1.0 + n % 7], [NOW - 4000 + n]), *lines])
    state = replace(make_state([batch("loss", [1.0])]), run=store.freeze())
    for x in (20.0, 500.0):
        view = View("run-1", log_shows="console", crosshair=x)
        text = pane_text(Painter("braille").paint(snapshot_of(state), view, *SIZE), "log")
        signed = [line for line in text.splitlines() if line.startswith("│>")]
        assert len(signed) == (x > 100)
        assert ("the cursor is before the lines that are kept" in text) == (x < 100)
