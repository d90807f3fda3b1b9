"""The screen as a whole: snapshots in, pictures out; typing, help, runs, replay, resizing, pausing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from textual import events
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import NOW, eight_gpus, live_state, sample_snapshot, sample_state, snapshot_of
from tuimon.analysis.smoothing import SMOOTHING_CYCLE
from tuimon.core.batch import Problem
from tuimon.core.roles import Role
from tuimon.monitor.replay import Replay
from tuimon.monitor.snapshot import Snapshot
from tuimon.store.axis import Axis
from tuimon.tui.app import TuimonApp
from tuimon.tui.keys import KEYS
from tuimon.tui.scene import Picture
from tuimon.tui.view import PANES
from tuimon.tui.widgets.board import Board

SIZE = (120, 40)


def picture(app: TuimonApp) -> Picture:
    assert app.picture is not None
    return app.picture


def shown(app: TuimonApp, pane: str) -> str:
    return pane_text(picture(app), pane)


def header_width(app: TuimonApp) -> int:
    return picture(app).plan.panes["header"].width


async def until(pilot: Pilot[int], holds: Callable[[], bool]) -> None:
    """Wait until something holds; the bound is for a loaded machine, not an expectation."""
    async with asyncio.timeout(30):
        while not holds():
            await pilot.pause(0.01)


async def test_the_run_that_is_live_is_opened_first_and_read_before_others() -> None:
    feed = FixedFeed(snapshot_of(sample_state("healthy"), live_state(), sample_state("overfit")))
    app = TuimonApp(feed)
    async with app.run_test(size=SIZE):
        assert app.view.run_name == "llama-sft-7"
        assert sorted(feed.asked) == ["focus llama-sft-7", "start"]
    assert feed.asked[-1] == "stop"


async def test_a_run_that_was_named_is_opened() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="overfit")
    async with app.run_test(size=SIZE):
        assert app.view.run_name == "overfit"
        assert "overfit DONE" in shown(app, "header")


async def test_a_new_snapshot_is_drawn_by_itself() -> None:
    feed = FixedFeed(snapshot_of())
    app = TuimonApp(feed)
    async with app.run_test(size=SIZE) as pilot:
        assert "No training run" in shown(app, "chart0")
        feed.show(snapshot_of(live_state(steps=300)))
        await until(pilot, lambda: "300/1200" in shown(app, "header"))
        for steps in range(301, 331):
            feed.show(snapshot_of(live_state(steps=steps)))
        await until(pilot, lambda: "330/1200" in shown(app, "header"))


async def test_a_run_that_is_gone_makes_place_for_another() -> None:
    feed = FixedFeed(snapshot_of(live_state("a"), live_state("b")))
    app = TuimonApp(feed, run_name="b")
    async with app.run_test(size=SIZE) as pilot:
        feed.show(snapshot_of(live_state("a")))
        await until(pilot, lambda: app.view.run_name == "a")
        feed.show(snapshot_of())
        await until(pilot, lambda: "waiting for runs" in shown(app, "header"))


async def test_what_is_composed_is_the_picture() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE):
        board = app.query_one(Board)
        lines = ["".join(segment.text for segment in board.render_line(y)) for y in range(SIZE[1])]
        for name, (x, top, width, height) in picture(app).plan.panes.items():
            drawn = [line[x : x + width].rstrip() for line in lines[top : top + height]]
            assert drawn == shown(app, name).splitlines()


async def test_an_unchanged_picture_refreshes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    refreshed: list[Region] = []
    original = Board.refresh

    def refresh(board: Board, *regions: Region, **options: bool) -> Board:
        refreshed.extend(regions or [board.region])
        return original(board, *regions, **options)

    feed = FixedFeed(snapshot_of(live_state()))
    app = TuimonApp(feed)
    async with app.run_test(size=SIZE):
        monkeypatch.setattr(Board, "refresh", refresh)
        app.draw()
        assert refreshed == []
        feed.snapshot = replace(feed.snapshot, now=NOW + 0.4)
        app.draw()
        assert refreshed == []
        feed.snapshot = snapshot_of(live_state(steps=601))
        app.draw()
        panes = picture(app).plan.panes
        assert any(region.y < 2 for region in refreshed)
        assert any(Region(*panes["diagnosis"]).contains_region(region) for region in refreshed)
        assert not any(Region(*panes["footer"]).overlaps(region) for region in refreshed)


async def test_the_filter_applies_while_it_is_typed_and_esc_closes_and_then_clears_it() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        everything = len(picture(app).specs)
        await press(pilot, "slash", "G", "r", "a", "d")
        assert app.query_one("#prompt", Input).display
        assert app.view.filter_text == "Grad"
        assert [spec.tags for spec in picture(app).specs] == [("Training/Gradient_Norm",)]
        assert "footer" not in picture(app).plan.panes or app.prompting == "filter"
        await press(pilot, "escape")
        assert app.prompting is None
        assert not app.query_one("#prompt", Input).display
        assert app.view.filter_text == "Grad"
        await press(pilot, "escape")
        assert app.view.filter_text == ""
        assert len(picture(app).specs) == everything


async def test_enter_keeps_the_filter_and_keys_work_again() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "exclamation_mark", "L", "o", "s", "s", "enter")
        assert app.view.filter_text == "!Loss"
        assert "filter !Loss" in shown(app, "footer")
        assert "Perplexity" in shown(app, "chart0")
        await press(pilot, "j")
        assert app.view.line("charts") == 1


async def test_letters_that_are_keys_are_text_while_a_line_is_typed() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()))
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "q", "u", "s", "5", "question_mark", "left_parenthesis")
        assert app.view.filter_text == "qus5?("
        assert app.is_running
        assert not app.view.paused
        assert not app.helping


async def type_command(pilot: Pilot[int], command: str) -> None:
    await press(pilot, "colon")
    pilot.app.query_one("#prompt", Input).value = command
    await press(pilot, "enter")


async def test_commands() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await type_command(pilot, "filter Norm")
        assert app.view.filter_text == "Norm"
        await type_command(pilot, "goto 400")
        assert app.view.window is not None
        assert app.view.window[0] < 400 < app.view.window[1]
        await type_command(pilot, "open overfit")
        assert app.view.run_name == "overfit"
        await type_command(pilot, "open hug")
        assert app.view.run_name == "huggingface"


async def test_a_step_and_a_time_are_gone_to_on_whichever_axis_is_shown() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="resumed")
    state = sample_state("resumed")
    later = state.run.attempts[1]
    async with app.run_test(size=SIZE) as pilot:
        await type_command(pilot, f"goto {later.first_step}")
        window = app.view.window
        assert window is not None
        # The step was reached twice; the newest time counts.
        held = [each for each in state.run.attempts if each.first_step <= later.first_step <= each.last_step]
        assert sum(window) / 2 == pytest.approx(later.first_step + held[-1].offset)
        clock = datetime.fromtimestamp(later.start_time).astimezone().strftime("%m-%d %H:%M:%S")
        await type_command(pilot, f"goto {clock}")
        window = app.view.window
        assert window is not None
        assert sum(window) / 2 == pytest.approx(later.first_step + later.offset, abs=2)
        app.view.axis = Axis.WALL
        await type_command(pilot, f"goto {clock}")
        window = app.view.window
        assert window is not None
        assert sum(window) / 2 == pytest.approx(later.start_time, abs=1)


async def test_commands_that_make_no_sense_are_said_and_change_nothing() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        for command, said in (
            ("open none", "no run is named 'none'"),
            ("goto x", "goto needs a step or a time such as 14:02, not 'x'"),
            ("goto 14:99", "goto needs a step or a time"),
            ("goto", "goto STEP or 14:02: Show the charts around a step"),
            ("sort by luck", "runs are sorted by one of name, best"),
            ("nonsense", "no command is called 'nonsense'"),
            ("", "? help"),
        ):
            await type_command(pilot, command)
            assert app.prompting is None
            assert said in shown(app, "footer")
        assert app.view.run_name == "healthy"
        assert app.view.window is None


@pytest.mark.parametrize("keys", [("q",), ("ctrl+c",), ("colon", "q", "enter"), ("slash", "x", "ctrl+c")])
async def test_leaving(keys: tuple[str, ...]) -> None:
    feed = FixedFeed(sample_snapshot())
    app = TuimonApp(feed)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, *keys)
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == 0
    assert feed.asked[-1] == "stop"


async def test_esc_steps_back_one_level_at_a_time_and_never_leaves() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", "l", "enter", "plus", "enter", "e", "enter", "question_mark")
        view = app.view

        def level() -> tuple[bool, bool, bool, bool, bool, str]:
            covered = (app.helping, view.explaining, view.crosshair is not None)
            return (*covered, view.full_chart, view.window is not None, view.filter_text)

        assert level() == (True, True, True, True, True, "l")
        levels = []
        for _ in range(7):
            await press(pilot, "escape")
            levels.append(level())
        assert levels[:6] == [
            (False, True, True, True, True, "l"),
            (False, False, True, True, True, "l"),
            (False, False, False, True, True, "l"),
            (False, False, False, False, True, "l"),
            (False, False, False, False, False, "l"),
            (False, False, False, False, False, ""),
        ]
        assert app.is_running


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_tab_goes_round_all_panes_that_are_there(size: tuple[int, int]) -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=size) as pilot:
        visible = [pane for pane in PANES if pane == "charts" or pane in picture(app).plan.panes]
        visited = []
        for _ in visible:
            await press(pilot, "tab")
            visited.append(app.view.focus)
        assert sorted(visited) == sorted(visible)
        assert app.view.focus == "charts"
        await press(pilot, "shift+tab", "tab")
        assert app.view.focus == "charts"


async def test_the_list_of_runs_opens_the_run_under_the_cursor() -> None:
    feed = FixedFeed(sample_snapshot())
    app = TuimonApp(feed, run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "shift+tab")
        assert app.view.focus == "runs"
        await press(pilot, "j")
        assert "healthy DONE" in shown(app, "header")
        assert "Training/Loss" in shown(app, "chart0")
        await press(pilot, "G")
        assert app.view.run_name == "resumed"
        await press(pilot, "g", "enter")
        assert app.view.run_name == "diverged"
        assert app.view.focus == "charts"
        assert feed.asked[-1] == "focus diverged"


async def test_another_run_begins_at_its_first_chart_unzoomed() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "G", "plus", "shift+tab", "j")
        assert app.view.line("charts") == 0
        assert app.view.window is None


async def test_a_paused_picture_stands_still_while_data_flows_and_catches_up() -> None:
    feed = FixedFeed(snapshot_of(live_state(steps=300)))
    app = TuimonApp(feed)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "u")
        feed.show(snapshot_of(live_state(steps=310)))
        await pilot.pause(0.15)
        assert "300/1200" in shown(app, "header")
        await press(pilot, "s")
        assert "300/1200" in shown(app, "header")
        await press(pilot, "space")
        assert "310/1200" in shown(app, "header")


async def test_the_help_scrolls_by_line_and_page_and_closes() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "f1")
        assert "Show this help" in shown(app, "help")
        await press(pilot, "j", "j")
        assert app.view.line("help") == 2
        await press(pilot, "pagedown")
        assert app.view.line("help") > 10
        await press(pilot, "G")
        assert "stopped, unknown" in shown(app, "help")
        await press(pilot, "g")
        assert "Show this help" in shown(app, "help")
        await press(pilot, "question_mark")
        assert not app.helping
        assert "chart0" in picture(app).panes


async def test_next_finding_chooses_its_chart_and_enter_explains_it() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "e", "e", "e", "e")
        series = picture(app).specs[app.view.line("charts")].tags
        assert "train/grad_norm" in series
        assert "^" in shown(app, "chart0")
        await press(pilot, "enter")
        assert app.view.explaining
        assert "What to do" in shown(app, "chart0")
        await press(pilot, "enter")
        assert not app.view.explaining


async def test_next_finding_takes_the_cursor_and_a_zoomed_window_to_its_moment() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "F", "plus", "plus", "plus")
        window = app.view.window
        assert window is not None
        finding = next(f for f in sample_state("diverged").findings if f.rule == "divergence")
        assert not window[0] <= (finding.step or 0) <= window[1]
        await press(pilot, "e")
        moment, window = app.view.crosshair, app.view.window
        assert moment == finding.step
        assert moment is not None
        assert window is not None
        assert window[0] < moment < window[1]


@pytest.mark.parametrize("focus", ["charts", "log"])
async def test_keys_for_the_chosen_chart_leave_one_alone_that_is_not_on_the_screen(focus: str) -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        app.view.focus = focus
        await press(pilot, "enter" if focus == "log" else "t")
        assert "chart0" not in picture(app).panes
        for key in ("asterisk", "ampersand", "z"):
            await press(pilot, key)
            assert "no chart is on the screen" in shown(app, "footer")
        assert (app.view.favourites, app.view.only_favourites, app.view.folded) == (set(), False, set())


async def test_no_finding_is_said() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "e")
        assert "no finding in this run" in shown(app, "footer")
        await press(pilot, "enter")
        assert not app.view.explaining


async def test_a_message_goes_with_the_next_key() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "s")
        assert "smoothing: ema .9" in shown(app, "footer")
        await press(pilot, "j")
        assert "smoothing" not in shown(app, "footer")


async def test_zooming_shows_a_part_and_says_so() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "plus", "plus")
        assert app.view.window is not None
        assert app.view.window[1] == 873
        assert "zoomed follow" in shown(app, "chart0")
        for _ in range(40):
            app.action_zoom(1)
        assert 0 < app.view.window[1] - app.view.window[0] < 0.01
        for _ in range(40):
            app.action_zoom(-1)
        assert app.view.window is None


async def test_panning_without_zoom_says_what_to_do_first() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "H")
        assert "zoom in first" in shown(app, "footer")


async def test_every_axis_scale_and_smoothing_can_be_cycled_through() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="resumed")
    async with app.run_test(size=SIZE) as pilot:
        axes, scales = set(), set()
        for _ in Axis:
            await press(pilot, "x", "y", "s")
            axes.add(app.view.axis)
            scales.add(app.view.scale)
        # None is what suits the run, which for steps is the accumulated axis: one can come back to it.
        # It logs neither epochs nor tokens.
        assert axes == {None, Axis.STEP, Axis.RELATIVE, Axis.WALL}
        assert scales == {None, "linear", "log", "symlog"}


async def test_resizing_never_raises_and_comes_back_to_the_same_picture() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="resumed")
    async with app.run_test(size=(200, 60)) as pilot:
        before = picture(app).panes
        for size in ((40, 12), (20, 5), (3, 2), (1, 1), (80, 24), (400, 100), (200, 60)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: header_width(app) == app.size.width)
            assert tuple(app.size) == size
        assert picture(app).panes == before


async def test_gauges_follow_the_sensors() -> None:
    feed = FixedFeed(snapshot_of(live_state(), hardware=(eight_gpus(),)))
    app = TuimonApp(feed)
    async with app.run_test(size=SIZE) as pilot:
        assert "GPU2  lost" in shown(app, "hardware")
        feed.show(snapshot_of(live_state(), hardware=(eight_gpus(), replace(eight_gpus(), gpus=()))))
        await until(pilot, lambda: "no GPU was seen" in shown(app, "hardware"))


async def test_problems_are_counted_in_the_footer_and_told_in_the_help() -> None:
    broken = replace(live_state(), problems=(Problem("metrics.jsonl", "line 7 is no JSON", 812),))
    app = TuimonApp(FixedFeed(snapshot_of(broken)))
    async with app.run_test(size=SIZE) as pilot:
        assert "! 1 problem (? shows)" in shown(app, "footer")
        await press(pilot, "question_mark")
        assert "metrics.jsonl at byte 812: line 7 is no JSON" in shown(app, "help")


async def test_a_replay_plays_to_its_end_and_findings_open_on_the_way() -> None:
    whole = sample_state("diverged")
    app = TuimonApp(Replay(whole, speed=200.0), run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        assert "replay 200x" in shown(app, "header")
        assert "0 open" in shown(app, "diagnosis")
        await until(pilot, lambda: "FAILED" in shown(app, "header"))
        assert "339/600" in shown(app, "header")
        assert app.state is not None
        assert [(f.rule, f.step, f.count) for f in app.state.findings] == [
            (f.rule, f.step, f.count) for f in whole.findings
        ]
        assert "paused 200x 100.0%" in shown(app, "header")


async def test_a_replay_can_be_sought_by_step_and_by_jumps() -> None:
    app = TuimonApp(Replay(sample_state("overfit"), speed=0.001), run_name="overfit")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "colon", *"goto", "space", *"240", "enter")
        await until(pilot, lambda: "240/480" in shown(app, "header"))
        await press(pilot, "full_stop")
        await until(pilot, lambda: "241/480" in shown(app, "header"))
        await press(pilot, "comma", "comma")
        await until(pilot, lambda: "239/480" in shown(app, "header"))
        assert "paused" in shown(app, "header")
        await press(pilot, "b", "b")
        await until(pilot, lambda: 180 < (app.state.progress.step or 0) < 200 if app.state else False)
        loss = sample_state("overfit").run.with_role(Role.LOSS)[0]
        clock = datetime.fromtimestamp(float(loss.wall_times[300])).astimezone().strftime("%m-%d %H:%M:%S")
        await type_command(pilot, f"goto {clock}")
        steps = range(int(loss.steps[298]), int(loss.steps[302]))
        await until(pilot, lambda: app.state is not None and app.state.progress.step in steps)


async def test_going_back_in_a_replay_while_a_finding_is_explained() -> None:
    app = TuimonApp(Replay(sample_state("diverged"), speed=0.001, from_step=339), run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "e", "enter")
        assert "What to do" in shown(app, "chart0")
        await press(pilot, "colon", *"goto", "space", "5", "enter")
        assert "train/loss" in shown(app, "chart0")


async def test_a_feed_that_wakes_an_app_that_is_ending_does_no_harm() -> None:
    feed = FixedFeed(sample_snapshot())
    app = TuimonApp(feed)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "q")
        for _ in range(50):
            feed.show(sample_snapshot())
            app.draw()
            await asyncio.sleep(0)
    assert app.return_value == 0


async def test_a_wake_from_another_thread_is_drawn() -> None:
    feed = FixedFeed(snapshot_of())
    app = TuimonApp(feed)
    fresh: Snapshot = snapshot_of(live_state())
    async with app.run_test(size=SIZE) as pilot:
        await asyncio.to_thread(feed.show, fresh)
        await until(pilot, lambda: app.view.run_name == "llama-sft-7")


async def test_keys_that_come_in_one_burst_all_count() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", *"Lots", "backspace", "backspace", *"ss", "enter", "s", "j", "colon", "x")
        assert app.view.filter_text == "Loss"
        assert app.view.smoothing == SMOOTHING_CYCLE[1]
        assert app.prompting == "command"
        assert app.query_one("#prompt", Input).value == "x"


async def test_the_line_can_be_edited_and_begins_with_the_filter_that_holds() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash", *"oss", "home", "L", "end", "left", "delete", "s", "enter")
        assert app.view.filter_text == "Loss"
        await press(pilot, "slash", "backspace")
        assert app.view.filter_text == "Los"
        await press(pilot, "ctrl+u", "enter")
        assert app.view.filter_text == ""


async def test_the_footer_says_which_charts_are_shown() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        assert f"charts 1-4 of {len(picture(app).specs)}" in shown(app, "footer")
        await press(pilot, "pagedown")
        assert "charts 5-8 of" in shown(app, "footer")
        await press(pilot, "enter")
        assert "chart 5 of" in shown(app, "footer")


async def test_a_pane_for_which_there_is_no_room_is_said() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=(40, 12)) as pilot:
        await press(pilot, "3")
        assert "no room" in shown(app, "footer")


async def test_keys_of_a_replay_say_so_in_a_live_run() -> None:
    app = TuimonApp(FixedFeed(snapshot_of(live_state())))
    async with app.run_test(size=SIZE) as pilot:
        for key in ("full_stop", "greater_than_sign", "w"):
            await press(pilot, "j")
            await press(pilot, key)
            assert "tuimon replay" in shown(app, "footer")


async def test_a_long_explanation_scrolls() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="diverged")
    async with app.run_test(size=(60, 16)) as pilot:
        await press(pilot, "e", "enter")
        assert "PgDn scrolls" in shown(app, "chart0")
        assert "What to do" not in shown(app, "chart0")
        await press(pilot, *["pagedown"] * 6)
        last = shown(app, "chart0").splitlines()[-2]
        assert last.strip("│ ")
        await press(pilot, "pageup", *["pageup"] * 8)
        assert "Why" in shown(app, "chart0") or "CRIT" in shown(app, "chart0")


@pytest.mark.parametrize("width", [40, 60, 80])
async def test_the_help_is_whole_on_narrow_screens(width: int) -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()))
    async with app.run_test(size=(width, 300)) as pilot:
        await press(pilot, "question_mark")
        words = " ".join(shown(app, "help").replace("│", " ").split())
        assert all(key.help.split()[-1] in words for key in KEYS)
        assert "time in the attempt, wall time, epochs or tokens" in words


async def test_pasted_text_is_cleaned_and_only_its_first_line_counts() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "slash")
        app.post_message(events.Paste("No\x9brm\x1b[2J\nsecond line"))
        await press(pilot)
        typed = app.query_one("#prompt", Input).value
        assert typed.isprintable()
        assert typed.startswith("No")
        assert "second" not in typed
        await press(pilot, "escape")
        app.post_message(events.Paste("nobody asked"))
        await press(pilot)
        assert app.view.filter_text == typed


async def test_a_key_that_shows_a_pane_leaves_the_table() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "4", "t", "4")
        assert app.picture is not None
        assert "log" in app.picture.plan.panes
        assert not app.view.run_table
