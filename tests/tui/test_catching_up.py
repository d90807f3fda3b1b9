"""Millions of points that have just been read: curves are smoothed piece by piece, and keys go between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from unittest import mock

import pytest
from textual import events
from textual.pilot import Pilot

from tests.tui.feeds import FixedFeed
from tests.tui.states import sample_snapshot
from tuimon.charts.lines import draw_lines
from tuimon.tui.app import TuimonApp
from tuimon.tui.chart_pane import ChartPane
from tuimon.tui.picture import Painter
from tuimon.tui.scene import Picture, Scene
from tuimon.tui.view import View

SIZE = (120, 40)


async def until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    """Wait until something holds; the bound is for a loaded machine, not an expectation."""
    async with asyncio.timeout(30):
        while not holds():
            await pilot.pause(0.01)


@pytest.fixture
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuimon.tui.chart_pane._SMOOTHED_AT_ONCE", 10)
    monkeypatch.setattr("tuimon.tui.chart_pane._SMOOTHED_LATER", 100)


@pytest.mark.usefixtures("_few_at_once")
async def test_a_key_goes_between_pictures_that_catch_up(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    pictures: list[tuple[bool, str | None]] = []
    paint = ChartPane.paint

    def note(pane: ChartPane, picture: Picture, scene: Scene) -> None:
        paint(pane, picture, scene)
        pictures.append((picture.is_behind, scene.view.scale))
        if len(pictures) == 3:
            # As the thread does that reads keys.
            loop.call_soon_threadsafe(loop.create_task, app._post_message(events.Key("y", "y")))

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(ChartPane, "paint", note)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: not pictures[-1][0])
        assert len(pictures) > 10
        answered = [is_behind for is_behind, scale in pictures if scale is not None]
        assert sum(answered) > 3


@pytest.mark.usefixtures("_few_at_once")
async def test_the_reader_waits_for_pictures_and_until_all_is_smoothed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot = sample_snapshot()
    feed = FixedFeed(snapshot)
    monkeypatch.setattr(type(feed.gate), "_LONGEST_S", 60.0)
    app = TuimonApp(feed, run_name="healthy")
    open_at: list[bool] = []
    opened: list[bool] = []
    paint, open_gate = ChartPane.paint, feed.gate.open

    def note(pane: ChartPane, picture: Picture, scene: Scene) -> None:
        open_at.append(feed.gate._open.is_set())
        paint(pane, picture, scene)
        if picture.is_behind:
            # As a reader does that has waited for long.
            feed.gate._open.set()

    def note_opening() -> None:
        opened.append(is_behind())
        open_gate()

    def is_behind() -> bool:
        return app.picture is None or app.picture.is_behind

    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: not is_behind() and feed.gate._open.is_set())
        monkeypatch.setattr(ChartPane, "paint", note)
        monkeypatch.setattr(feed.gate, "open", note_opening)
        feed.show(replace(snapshot, revision=snapshot.revision + 1))
        await until(pilot, lambda: bool(opened))
        assert open_at == [False]
        await pilot.press("s")
        await until(pilot, lambda: not is_behind() and bool(opened[1:]))
        assert len(open_at) > 10
        assert not any(open_at)
        assert not any(opened)


@pytest.mark.usefixtures("_few_at_once")
def test_a_chart_that_is_behind_is_drawn_when_it_has_caught_up_only() -> None:
    painter = Painter("braille", wake=lambda: None)
    with mock.patch("tuimon.tui.chart_painter.draw_lines", wraps=draw_lines) as draw:
        pictures = [painter.paint(sample_snapshot(), View("healthy"), *SIZE)]
        while pictures[-1].is_behind:
            pictures.append(painter.paint(sample_snapshot(), View("healthy"), *SIZE))
    charts = sum(name.startswith("chart") for name in pictures[-1].panes)
    assert len(pictures) > 10
    assert draw.call_count <= 2 * charts


@pytest.mark.usefixtures("_few_at_once")
def test_facts_wait_until_curves_are_smoothed() -> None:
    snapshot = sample_snapshot()
    (state,) = (run for run in snapshot.runs if run.name == "healthy")
    grown = replace(snapshot, runs=(replace(state, run=replace(state.run, revision=10**6)),))
    painter, view = Painter("braille", wake=lambda: None), View("healthy", shown={"facts": True})
    with mock.patch("tuimon.tui.picture.facts_rows", return_value=[]) as facts:
        first = painter.paint(snapshot, view, *SIZE)
        assert first.is_behind
        assert facts.call_count == 1
        while painter.paint(grown, view, *SIZE).is_behind:
            assert facts.call_count == 1
        assert facts.call_count == 2
