"""The crosshair reads all charts at one place."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import sample_snapshot, sample_state
from tuimon.core.units import format_value
from tuimon.store.axis import Axis
from tuimon.tui.app import TuimonApp
from tuimon.tui.chart_axis import ChartAxis, value_at, x_text

SIZE = (120, 40)


def shown(app: TuimonApp, pane: str) -> str:
    assert app.picture is not None
    return pane_text(app.picture, pane)


async def test_it_moves_over_the_curve_and_every_title_tells_the_value_there() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        plainly = shown(app, "chart0")
        await press(pilot, "i")
        assert "cursor at step 873" in shown(app, "footer")
        await press(pilot, *["h"] * 40)
        x = app.view.crosshair
        assert x is not None
        assert 500 < x < 560
        assert f"step {x:.0f}" in shown(app, "footer")
        for chart, tag in (("chart0", "Training/Loss"), ("chart2", "Training/Gradient_Norm")):
            series = sample_state("healthy").run.series[tag]
            near = [
                format_value(float(value))
                for step, value in zip(np.asarray(series.steps), series.values, strict=True)
                if abs(int(step) - x) < 5
            ]
            assert any(value in shown(app, chart).splitlines()[0] for value in near)
        await press(pilot, "l")
        assert app.view.crosshair is not None
        assert app.view.crosshair > x
        await press(pilot, *["l"] * 90)
        assert app.view.crosshair == 873
        await press(pilot, "escape")
        assert app.view.crosshair is None
        assert shown(app, "chart0") == plainly


async def test_esc_closes_what_covers_the_charts_first() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "i", "t", "escape")
        assert not app.view.run_table
        assert app.view.crosshair is not None


async def test_another_axis_or_run_begins_without_it() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "i", "x")
        assert app.view.crosshair is None
        await press(pilot, "i")
        app.action_move(0, 0)
        await press(pilot, "colon", *"open", "space", *"overfit", "enter")
        assert (app.view.run_name, app.view.crosshair) == ("overfit", None)


async def test_it_stays_on_what_is_shown_when_that_is_zoomed() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "plus", "plus", "i", *["h"] * 150)
        assert app.view.window is not None
        assert app.view.crosshair == app.view.window[0]


def test_before_the_first_point_there_is_no_value() -> None:
    run = sample_state("healthy").run
    series = run.series["Validation/Loss"]
    axis = ChartAxis(Axis.ACCUMULATED, (0.0, 873.0), (0.0, 873.0))
    assert value_at(run, series, axis, float(series.steps[0]) - 10) is None
    assert value_at(run, series, axis, float(series.steps[0])) == pytest.approx(float(series.values[0]))


def test_places_are_told_as_they_were_logged() -> None:
    run = sample_state("resumed").run
    second = run.attempts[1]
    x = second.first_step + second.offset + 7
    assert x_text(run, Axis.ACCUMULATED, x, 0.0) == f"step {second.first_step + 7} of attempt 2"
    assert x_text(run, Axis.RELATIVE, 192.0, 0.0) == "3m12s"
    assert x_text(run, Axis.EPOCH, 1.5, 0.0) == "epoch 1.50"
