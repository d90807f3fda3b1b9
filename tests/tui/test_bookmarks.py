"""Places on the charts are marked with letters and found again: on any axis, at any zoom, in any run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import batch, make_state, sample_snapshot, sample_state, snapshot_of
from tuimon.analysis.moments import moment_at
from tuimon.analysis.placing import extent
from tuimon.core.batch import ScalarBatch
from tuimon.store.axis import Axis
from tuimon.tui.app import TuimonApp

SIZE = (120, 40)


def said(app: TuimonApp) -> str:
    assert app.picture is not None
    return pane_text(app.picture, "footer")


def head(app: TuimonApp) -> str:
    """The uppermost line of the first chart."""
    assert app.picture is not None
    return pane_text(app.picture, "chart0").splitlines()[1]


def opening(run: str) -> tuple[str, ...]:
    return ("colon", *"open", "space", *run, "enter")


@pytest.mark.parametrize("axis", [Axis.ACCUMULATED, Axis.STEP, Axis.RELATIVE, Axis.WALL])
def test_a_moment_stands_where_it_was_found(axis: Axis) -> None:
    run = sample_state("resumed").run
    reach = extent(run, run.series["train/loss"], axis)
    assert reach is not None
    for share in (0.0, 0.05, 0.96, 1.0):
        x = reach[0] + share * (reach[1] - reach[0])
        found = moment_at(run, axis, x).on(run, axis)
        assert found == pytest.approx(x, abs=0.02 * (reach[1] - reach[0]))


def test_a_moment_of_one_axis_is_found_on_the_others() -> None:
    run = sample_state("resumed").run
    second = run.attempts[1]
    begun = moment_at(run, Axis.WALL, second.start_time)
    assert begun.step == second.first_step + second.offset
    assert begun.on(run, Axis.STEP) == second.first_step
    assert moment_at(run, Axis.ACCUMULATED, begun.step).wall_time == second.start_time
    # Steps 301 to 357 were done twice: the second time is meant.
    assert moment_at(run, Axis.STEP, 320.0).wall_time > second.start_time


def test_a_moment_by_epochs_without_times_and_without_points() -> None:
    state = make_state([batch("loss", [3.0, 2.5, 2.0, 1.5]), batch("epoch", [0.5, 1.0, 1.5, 2.0])])
    assert moment_at(state.run, Axis.EPOCH, 1.0).step == 2
    steps = np.arange(4)
    timeless = make_state([ScalarBatch(("loss",), steps, steps, np.full(4, np.nan), (np.ones(4),))]).run
    assert math.isnan(moment_at(timeless, Axis.ACCUMULATED, 2.0).wall_time)
    assert moment_at(make_state([]).run, Axis.ACCUMULATED, 5.0).step == 5.0


async def test_a_place_is_marked_and_found_again() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "i", *("h",) * 40, "m", "a")
        marked = app.view.crosshair
        assert marked is not None
        assert 450 < marked < 600
        assert f"a marks step {marked:.0f}" in said(app)
        await press(pilot, "escape")
        assert "a" in head(app)
        await press(pilot, "apostrophe", "a")
        assert app.view.crosshair == marked
        await press(pilot, "apostrophe", "apostrophe")
        assert app.view.crosshair == 873


async def test_the_window_follows_to_a_place_outside_of_it() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "i", *("h",) * 90, "m", "s", "i", "plus", "plus", "plus")
        assert app.view.window is not None
        assert app.view.window[0] > 500
        await press(pilot, "apostrophe", "s")
        assert app.view.window[0] < (app.view.crosshair or 0) < app.view.window[1]
        assert not app.view.follow


async def test_a_mark_leads_back_to_its_run() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "m", "a", *opening("resumed"))
        assert app.view.run_name == "resumed"
        assert "a" not in head(app)
        await press(pilot, "apostrophe", "a")
        assert app.view.run_name == "healthy"
        assert app.view.crosshair == 873
        await press(pilot, "apostrophe", "apostrophe")
        assert app.view.run_name == "resumed"


async def test_what_is_no_letter_marks_nothing_and_esc_leaves_it() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "m", "5")
        assert "with a letter" in said(app)
        await press(pilot, "m", "escape", "s")
        assert app.view.bookmarks == {}
        assert "smoothing" in said(app)
        await press(pilot, "m", "a", "apostrophe", "b")
        assert "nothing is marked with 'b'" in said(app)
        await press(pilot, "apostrophe", "down")
        assert "nothing is marked with this key" in said(app)
        await press(pilot, "apostrophe", "apostrophe")
        assert "no place to go back to" in said(app)


async def test_an_empty_screen_has_no_place_to_mark() -> None:
    app = TuimonApp(FixedFeed(snapshot_of()))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "m")
        assert "no curve to mark" in said(app)
        assert app.awaited is None
