"""What x counts, which part of it is shown, and what its ticks say."""

from __future__ import annotations

import math

import pytest

from tests.tui.states import START, batch, live_state, make_state, sample_state, scalar_state
from tuimon.store.axis import Axis
from tuimon.tui.chart_axis import (
    LABELS,
    ChartAxis,
    own_axis,
    shared_axis,
    tick_labels,
    x_text,
)
from tuimon.tui.view import View

LOSS = [3.0, 2.5, 2.0, 1.5, 1.2, 1.1]


def test_every_axis_has_a_name() -> None:
    assert set(LABELS) == set(Axis)


def test_limits_of_a_finished_run_are_its_first_and_last_point() -> None:
    axis = shared_axis(scalar_state({"loss": LOSS}), View(), None)
    assert axis.full == axis.shown == (1.0, 6.0)


def test_limits_of_a_live_run_leave_room_and_stay_while_points_come() -> None:
    young = shared_axis(live_state(steps=500), View(), None)
    assert young.full[1] > 500
    assert shared_axis(live_state(steps=510), View(), young).full == young.full


def test_no_points_have_limits_too() -> None:
    axis = shared_axis(make_state([]), View(), None)
    assert axis.full[0] < axis.full[1]


def test_one_point_has_limits_too() -> None:
    axis = shared_axis(scalar_state({"loss": [1.0]}), View(), None)
    assert axis.full[0] < axis.full[1]


def test_a_zoomed_window_is_shown_and_stands_still_when_nothing_follows() -> None:
    view = View(window=(100.0, 200.0), follow=False)
    axis = shared_axis(live_state(), view, None)
    assert axis.shown == (100.0, 200.0)
    assert view.window == (100.0, 200.0)


def test_a_window_that_follows_moves_to_the_end_and_keeps_its_width() -> None:
    view = View(window=(100.0, 200.0), follow=True)
    axis = shared_axis(live_state(steps=600), view, None)
    assert axis.shown[0] <= 600 <= axis.shown[1]
    assert axis.shown[1] - axis.shown[0] == pytest.approx(100.0)
    assert view.window == axis.shown


def test_a_tag_that_counts_something_else_has_an_axis_of_its_own() -> None:
    state = make_state([batch("loss", [1.0, 0.5] * 200), batch("epoch/accuracy", [0.1, 0.2, 0.3, 0.4])])
    shared = shared_axis(state, View(), None)
    assert shared.full == (1.0, 400.0)
    own = own_axis(state.run, state.run.series["epoch/accuracy"], shared)
    assert own.full[1] < 10
    assert own_axis(state.run, state.run.series["loss"], shared) == shared


def test_zoomed_charts_all_show_the_same_window() -> None:
    state = make_state([batch("loss", [1.0, 0.5] * 200), batch("epoch/accuracy", [0.1, 0.2, 0.3, 0.4])])
    shared = shared_axis(state, View(window=(10.0, 20.0)), None)
    assert own_axis(state.run, state.run.series["epoch/accuracy"], shared) == shared


@pytest.mark.parametrize("axis", list(Axis))
def test_every_axis_has_limits_in_every_sample_run(axis: Axis) -> None:
    for name in ("healthy", "overfit", "diverged", "resumed", "huggingface"):
        state = sample_state(name)
        limits = shared_axis(state, View(axis=axis), None).full
        assert all(map(math.isfinite, limits))
        assert limits[0] < limits[1]
        labels = tick_labels(state.run, ChartAxis(axis, limits, limits), 8)
        if callable(labels):
            assert labels(limits[0]) != ""


def test_accumulated_steps_are_labelled_with_the_steps_that_were_logged() -> None:
    state = sample_state("resumed")
    labels = tick_labels(state.run, shared_axis(state, View(), None), 8)
    assert labels is not None
    ticks = [(float(x), labels(float(x))) for x in range(10, 790, 90)] if callable(labels) else list(labels)
    reached = set()
    for x, text in ticks:
        attempt = next(a for a in reversed(state.run.attempts) if a.first_step + a.offset <= x)
        assert text == str(round(x - attempt.offset))
        reached.add(attempt.number)
    assert reached == {1, 2, 3}


def test_the_clock_starts_where_the_run_started() -> None:
    axis = shared_axis(scalar_state({"loss": LOSS}), View(axis=Axis.WALL), None)
    assert axis.full == (START, START + len(LOSS) - 1)


def test_runs_of_which_one_counts_no_tokens_are_compared_by_steps() -> None:
    counting = scalar_state({"loss": LOSS, "tokens": [1e6 * each for each in range(len(LOSS))]})
    silent = scalar_state({"loss": LOSS}, name="run-2")
    view = View(axis=Axis.TOKENS)
    alone = shared_axis(counting, view, None)
    assert alone.full == (0.0, 1e6 * (len(LOSS) - 1))
    assert x_text(counting.run, alone.axis, 2.5e6, 0.0) == "2.5M tokens"
    assert shared_axis(counting, view, None, [silent]).axis is Axis.ACCUMULATED
