"""Several runs on one screen: listed, sorted, laid over each other, compared with one of them."""

from __future__ import annotations

import pytest

from tests.tui.drawing import pane_text
from tests.tui.feeds import FixedFeed
from tests.tui.keyboard import press
from tests.tui.states import batch, make_state, sample_snapshot, scalar_state, snapshot_of
from tuimon.charts.style import series_style
from tuimon.core.batch import ConfigRecord
from tuimon.tui.app import TuimonApp
from tuimon.tui.picture import Painter
from tuimon.tui.run_list import ORDERS, RunList
from tuimon.tui.scene import Picture
from tuimon.tui.view import View

SIZE = (120, 40)


def picture_of(view: View) -> Picture:
    return Painter("braille").paint(sample_snapshot(), view, *SIZE)


def names(view: View) -> list[str]:
    return [state.name for state in RunList().listed(sample_snapshot(), view)]


def test_runs_are_sorted_by_what_was_asked_for_and_the_unknown_comes_last() -> None:
    orders = {order: names(View(run_order=order)) for order in ORDERS}
    assert orders["name"] == ["diverged", "healthy", "huggingface", "overfit", "resumed"]
    assert orders["loss"] == ["overfit", "resumed", "healthy", "huggingface", "diverged"]
    assert orders["progress"][-1] == "diverged"
    assert orders["findings"][:2] == ["diverged", "overfit"]


def test_the_best_values_of_one_metric_are_compared_and_others_come_after() -> None:
    # Nothing but a training loss, however low, says that this run is the best of those that were evaluated.
    assert names(View(run_order="best")) == ["resumed", "healthy", "overfit", "huggingface", "diverged"]


def test_a_filter_leaves_what_it_means_and_says_so() -> None:
    picture = picture_of(View("healthy", run_filter="loss<0.7", run_table=True))
    text = pane_text(picture, "runs")
    assert "Runs 3/5" in text
    assert "loss<0.7" in text
    assert "huggingface" not in text
    assert "no run passes" in pane_text(picture_of(View("healthy", run_filter="nobody")), "runs")


@pytest.mark.parametrize(("width", "told"), [(80, "!1 diverge"), (100, "!1 divergence, then loss s")])
def test_what_short_names_leave_of_the_table_is_for_the_findings(width: int, told: str) -> None:
    view = View("healthy", run_table=True)
    text = pane_text(Painter("braille").paint(sample_snapshot(), view, width, 24), "runs")
    assert told in text


def test_a_selected_run_lies_under_the_open_one_in_its_own_colour_with_its_value() -> None:
    alone = picture_of(View("healthy"))
    both = picture_of(View("healthy", selected=["resumed"]))
    assert "2 0.5349" in pane_text(both, "chart0")
    inks = {ink for row in both.panes["chart0"] for _, ink in row}
    assert series_style(1) in inks
    assert alone.panes["chart0"] != both.panes["chart0"]
    # A colour is a run now, so training and evaluation have charts of their own.
    assert len(both.specs) > len(alone.specs)
    assert "2✓ resumed" in pane_text(both, "runs")


def test_at_the_cursor_the_difference_to_the_pinned_run_is_said_and_others_are_sorted() -> None:
    snapshot = snapshot_of(
        scalar_state({"loss": [4.0, 2.0, 1.0]}, name="a"),
        scalar_state({"loss": [5.0, 3.0, 2.5]}, name="b"),
        scalar_state({"loss": [5.0, 2.5, 0.5]}, name="c"),
    )
    view = View("a", pinned="b", selected=["c"], crosshair=2.0)
    title = pane_text(Painter("braille").paint(snapshot, view, *SIZE), "chart0").splitlines()[0]
    assert "loss 2  2 2.5  p 3 -1" in title


def test_a_run_that_is_gone_is_simply_not_drawn() -> None:
    view = View("healthy", pinned="gone", selected=["gone too"])
    assert picture_of(view).panes["chart0"] == picture_of(View("healthy")).panes["chart0"]


def test_outliers_stand_at_the_edge_and_the_title_says_what_is_shown() -> None:
    values = [1.0 + 0.001 * index for index in range(400)]
    values[200] = 1e6
    snapshot = snapshot_of(scalar_state({"score": values}, name="a"))
    title = pane_text(Painter("braille").paint(snapshot, View("a", clipped=True), *SIZE), "chart0")
    assert "clipped 1" in title
    assert "1M" not in title
    assert "clipped" not in pane_text(picture_of(View("healthy", clipped=False)), "chart0")


async def test_two_runs_are_compared_with_three_keys() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="diverged")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "t", "space", "enter")
        assert app.view.run_name == "healthy"
        assert app.view.compared == ("diverged",)
        assert app.picture is not None
        assert app.picture.plan.charts
        await press(pilot, "escape")
        assert not app.view.selected


async def test_a_query_is_typed_and_its_error_is_told() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "f", *"loss", "less_than_sign", "enter")
        assert app.picture is not None
        assert "a value is missing after loss<" in pane_text(app.picture, "footer")
        await press(pilot, "f", *"0.6", "enter")
        assert [state.name for state in app.picture.runs] == ["diverged", "overfit", "resumed"][1:]


async def test_after_a_filter_the_next_key_chooses_among_the_runs_that_pass() -> None:
    app = TuimonApp(FixedFeed(sample_snapshot()), run_name="healthy")
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "f", *"over", "enter", "j")
        assert app.view.run_name == "overfit"
        await press(pilot, "f", *(["backspace"] * 4), "e", "d", "enter", "j")
        assert app.picture is not None
        assert [state.name for state in app.picture.runs] == ["diverged", "resumed"]
        assert app.view.run_name == "diverged"


def test_the_facts_say_what_differs_from_the_pinned_run() -> None:
    slow = make_state([batch("eval/loss", [3.0, 2.0]), ConfigRecord({"lr": 1e-4, "seed": 1})], name="slow")
    fast = make_state(
        [batch("eval/loss", [3.0, 1.5]), ConfigRecord({"lr": 3e-4, "seed": 1, "warmup": 10})], name="fast"
    )
    view = View("fast", pinned="slow", shown={"facts": True})
    text = pane_text(Painter("braille").paint(snapshot_of(slow, fast), view, *SIZE), "facts")
    assert "Against slow" in text
    assert "2 -> 1.5" in text
    assert "0.0001 -> 0.0003" in text
    assert "- -> 10" in text
    assert "seed  " not in text.split("Best")[0]


def test_results_among_the_settings_are_no_difference() -> None:
    states = [
        make_state([ConfigRecord({"lr": 1e-4, "best_metric": best})], name=name)
        for name, best in (("a", 0.1), ("b", 0.2))
    ]
    view = View("b", pinned="a", shown={"facts": True})
    text = pane_text(Painter("braille").paint(snapshot_of(*states), view, *SIZE), "facts")
    assert " same hyper-parameters" in text


def test_folders_that_all_runs_share_are_not_repeated_in_the_list() -> None:
    states = [scalar_state({"loss": [2.0, 1.0]}, name=f"outputs/sweep/lr{index}/seed") for index in range(3)]
    for view in (View(states[0].name), View(states[0].name, run_table=True)):
        text = pane_text(Painter("braille").paint(snapshot_of(*states), view, *SIZE), "runs")
        assert "lr1/seed" in text
        assert "outputs" not in text
    alone = pane_text(Painter("braille").paint(snapshot_of(states[0]), View(), *SIZE), "runs")
    assert "out" in alone


def test_a_best_value_of_another_metric_is_set_apart() -> None:
    text = pane_text(picture_of(View("healthy", run_table=True)), "runs")
    assert "(0.09049)" in text  # all that diverged has is a training loss
    assert "(0.6525)" not in text


def test_long_names_have_a_line_of_their_own_in_the_list() -> None:
    names = [f"sweep/llama-7b-lr{index}-warm" for index in range(3)]
    states = [scalar_state({"loss": [2.0, 1.25]}, name=name) for name in names]
    text = pane_text(Painter("braille").paint(snapshot_of(*states), View(states[0].name), *SIZE), "runs")
    lines = [line.strip("│ ") for line in text.splitlines()]
    assert "llama-7b-lr1-warm" in lines[3]
    assert lines[4].endswith(" 1.25")
