"""The mouse chooses what it points at; everything it does has a key as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.monitor.pngs import picture, png_of
from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.image_runs import logged
from tests.tui.keyboard import press
from tests.tui.states import sample_snapshot, snapshot_of
from tuimon.tui.app import TuimonApp
from tuimon.tui.plan import Rect
from tuimon.tui.widgets.board import Board

SIZE = (120, 40)


def rect_of(app: TuimonApp, pane: str) -> Rect:
    assert app.picture is not None
    if pane.startswith("chart"):
        return app.picture.plan.charts[int(pane.removeprefix("chart"))]
    return app.picture.plan.panes[pane]


async def click(pilot: Pilot[int], app: TuimonApp, pane: str, x: int = 3, y: int = 3) -> None:
    rect = rect_of(app, pane)
    await pilot.click(Board, offset=(rect.x + x, rect.y + y))
    await press(pilot)


async def wheel(pilot: Pilot[int], app: TuimonApp, pane: str, by: int) -> None:
    app.query_one(Board).post_message(Board.Scrolled(pane, by))
    await press(pilot)


async def test_a_click_opens_a_run_chooses_a_chart_and_reads_it() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await click(pilot, app, "runs", y=1 + 2 * 3)
        assert app.view.run_name == "overfit"
        await click(pilot, app, "chart2")
        assert app.view.line("charts") == 2
        assert app.view.crosshair is None
        await click(pilot, app, "chart2", x=20)
        assert app.view.crosshair is not None
        assert 100 < app.view.crosshair < 400
        await click(pilot, app, "diagnosis")
        assert app.view.focus == "diagnosis"


async def test_a_click_in_the_table_opens_the_run_of_its_line() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "t")
        await click(pilot, app, "runs", y=2 + 4)
        assert app.view.run_name == "resumed"
        await click(pilot, app, "runs", y=1)  # the heading
        assert app.view.run_name == "resumed"


async def test_the_wheel_scrolls_what_lies_under_it() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await wheel(pilot, app, "chart0", 1)
        assert app.view.line("charts") == 4
        await wheel(pilot, app, "chart0", -1)
        assert app.view.line("charts") == 0
        await wheel(pilot, app, "log", -1)
        assert app.view.line("log") == 3
        await wheel(pilot, app, "runs", 1)
        assert app.view.run_name == "huggingface"


async def test_a_click_outside_of_every_pane_changes_nothing() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        before = app.view.focus
        await pilot.click(Board, offset=(5, 0))
        await press(pilot)
        assert (app.view.run_name, app.view.focus) == ("healthy", before)


async def drag(pilot: Pilot[int], start: tuple[int, int], stop: tuple[int, int]) -> None:
    await pilot.mouse_down(Board, offset=start)
    for share in (0.5, 1.0):
        at = (round(s + (e - s) * share) for s, e in zip(start, stop, strict=True))
        await pilot.hover(Board, offset=tuple(at))  # type: ignore[arg-type]  # two of them
        await press(pilot)
    await pilot.mouse_up(Board, offset=stop)
    await press(pilot)


async def test_a_border_is_dragged_and_the_pane_under_it_is_not_clicked() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await drag(pilot, (25, 10), (39, 10))
        assert rect_of(app, "runs").width == 40
        assert rect_of(app, "chart0").x == 40
        assert app.view.run_name == "healthy"
        await drag(pilot, (40, 10), (30, 10))  # the other one of the two frames
        assert rect_of(app, "runs").width == 30
        above = rect_of(app, "diagnosis")
        await drag(pilot, (60, above.y), (60, above.y - 4))
        assert rect_of(app, "diagnosis") == (above.x, above.y - 4, above.width, above.height + 4)
        assert app.view.focus == "charts"
        await press(pilot, "0")
        assert rect_of(app, "runs").width == 26


async def test_after_a_drag_a_click_is_a_click_again() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await drag(pilot, (25, 10), (30, 10))
        await click(pilot, app, "diagnosis")
        assert app.view.focus == "diagnosis"
        await pilot.hover(Board, offset=(60, 20))
        await press(pilot)
        assert rect_of(app, "runs").width == 31


async def test_a_button_that_is_pressed_sends_nothing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        refreshed: list[Widget] = []
        monkeypatch.setattr(Board, "refresh", lambda board, *_, **__: refreshed.append(board))
        monkeypatch.setattr(type(app.screen), "refresh", lambda screen, *_, **__: refreshed.append(screen))
        await pilot.mouse_down(Board, offset=(60, 10))
        await press(pilot)
        await pilot.hover(Board, offset=(70, 15))
        await press(pilot)
        assert refreshed == []


async def test_a_click_on_a_line_of_the_log_leads_to_its_place_on_the_charts() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        lines = rect_of(app, "log").height - 2
        await click(pilot, app, "log", y=1)
        assert app.view.focus == "log"
        assert app.view.crosshair is None
        assert app.picture is not None
        told = [pane_text(app.picture, "log").splitlines()[1 + y] for y in range(lines)]
        y = next(index for index, line in enumerate(told) if " step " in line)
        await click(pilot, app, "log", y=1 + y)
        step = int(told[y].split(" step ")[0].split()[-1])
        assert app.view.crosshair == step
        await click(pilot, app, "log", y=lines + 1)  # the frame
        assert app.view.crosshair == step


async def test_the_wheel_turns_over_images_one_by_one_and_a_click_reads_nothing(tmp_path: Path) -> None:
    pngs = [("samples", step, png_of(picture())) for step in range(1, 8)]
    app = TuimonApp(FixedFeed(snapshot_of(logged(tmp_path, *pngs))))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "I")
        await wheel(pilot, app, "chart0", -1)
        await wheel(pilot, app, "chart0", -1)
        assert app.view.line("image_back") == 2
        await click(pilot, app, "chart0", x=20)
        assert app.view.crosshair is None
