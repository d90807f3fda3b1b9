"""Every pane of every picture fills its place exactly, and says what it is there for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.drawing import drawn_panes, pane_text, text_of
from tests.tui.states import (
    NOW,
    batch,
    eight_gpus,
    live_state,
    make_state,
    sample_snapshot,
    sample_state,
    scalar_state,
    snapshot_of,
)
from tuimon.analysis.smoothing import SMOOTHING_CYCLE
from tuimon.analysis.status import Status
from tuimon.charts.style import Glyphs, Style
from tuimon.core.batch import Problem, TextRecord
from tuimon.monitor.snapshot import RunState
from tuimon.store.axis import Axis
from tuimon.tui.ink import STATUS_INK, Ink
from tuimon.tui.picture import Painter
from tuimon.tui.run_list import ORDERS
from tuimon.tui.scene import Picture
from tuimon.tui.view import PANES, SCALES, View

NAMES = ("healthy", "overfit", "diverged", "resumed", "huggingface")
EVERYTHING = dict.fromkeys(PANES, True)


def paint(view: View, width: int = 120, height: int = 40, *, helping: bool = False) -> Picture:
    return Painter("braille").paint(sample_snapshot(), view, width, height, helping=helping)


def test_typing_a_filter_asks_no_series_anew_what_it_is() -> None:
    painter, snapshot, view = Painter("braille"), sample_snapshot(), View("healthy")
    painter.paint(snapshot, view, 120, 40)
    with mock.patch("tuimon.tui.picture.every_chart", side_effect=AssertionError):
        for text in ("l", "lo", "los", "loss"):
            view.filter_text = text
            picture = painter.paint(snapshot, view, 120, 40)
            assert picture.specs
            assert all(view.matches(tag) for spec in picture.specs for tag in spec.tags[:1])


def test_curves_of_many_points_are_smoothed_picture_by_picture() -> None:
    wakes: list[None] = []
    snapshot, view = sample_snapshot(), View("healthy")
    with mock.patch.multiple("tuimon.tui.chart_pane", _SMOOTHED_AT_ONCE=50, _SMOOTHED_LATER=700):
        painter = Painter("braille", wake=lambda: wakes.append(None))
    pictures = [painter.paint(snapshot, view, 120, 40)]
    while len(wakes) == len(pictures):
        pictures.append(painter.paint(snapshot, view, 120, 40))
    assert len(pictures) > 3
    at_once = paint(view)
    assert pictures[-1].panes == at_once.panes
    assert all(picture.panes != at_once.panes for picture in pictures[:-1])


def inks(picture: Picture, pane: str, text: str) -> set[int]:
    """The inks of the spans of a pane that hold a text."""
    return {ink for row in picture.panes[pane] for span, ink in row if text in span}


CHOICES = st.builds(
    View,
    run_name=st.sampled_from([*NAMES, None]),
    focus=st.sampled_from(PANES),
    shown=st.dictionaries(st.sampled_from(PANES), st.booleans()),
    cursor=st.dictionaries(st.sampled_from((*PANES, "help")), st.integers(0, 40)),
    full_chart=st.booleans(),
    explaining=st.booleans(),
    filter_text=st.sampled_from(["", "loss", "!loss", "nothing like it"]),
    smoothing=st.sampled_from(SMOOTHING_CYCLE),
    scale=st.sampled_from([*SCALES, None]),
    axis=st.sampled_from([*Axis, None]),
    window=st.none() | st.tuples(st.floats(0, 300), st.floats(301, 900)),
    columns=st.integers(0, 4),
    rows=st.integers(0, 4),
    crosshair=st.none() | st.floats(0, 900),
    clipped=st.booleans(),
    run_filter=st.sampled_from(["", "over", "loss<0.7", "loss<", "nobody"]),
    run_order=st.sampled_from(ORDERS),
    run_table=st.booleans(),
    selected=st.lists(st.sampled_from([*NAMES, "gone"]), unique=True),
    pinned=st.sampled_from([*NAMES, None]),
    folded=st.sets(st.sampled_from(["", "Training", "train", "Weights"])),
)


@settings(max_examples=60)
@given(CHOICES, st.integers(1, 210), st.integers(1, 62), st.booleans(), st.sampled_from(["braille", "ascii"]))
def test_any_choice_at_any_size_fills_the_screen_exactly(
    view: View,
    width: int,
    height: int,
    helping: bool,  # noqa: FBT001  # given by hypothesis
    glyphs: Glyphs,
) -> None:
    picture = Painter(glyphs).paint(sample_snapshot(), view, width, height, helping=helping)
    assert set(picture.panes) >= set(picture.plan.panes)
    for _, rect, rows in drawn_panes(picture):
        assert rect.x + rect.width <= width
        assert rect.y + rect.height <= height
        assert glyphs == "braille" or all(text.isascii() for row in rows for text, _ in row)


@pytest.mark.parametrize("name", NAMES)
def test_ascii_pictures_hold_nothing_else(name: str) -> None:
    for view in (View(name, shown=EVERYTHING), View(name, explaining=True), View(name, full_chart=True)):
        for helping in (False, True):
            picture = Painter("ascii").paint(sample_snapshot(), view, 120, 40, helping=helping)
            assert text_of(picture, 120, 40).isascii()
    foreign = snapshot_of(scalar_state({"损失": [2.0, 1.0], "事实": [1.0]}, name="训练"))
    picture = Painter("ascii").paint(foreign, View("训练", shown=EVERYTHING), 120, 40)
    assert text_of(picture, 120, 40).isascii()
    assert "????" in text_of(picture, 120, 40)


def test_a_pane_has_its_title_and_the_focused_one_another_frame() -> None:
    for pane, title in (
        ("runs", "Runs 5"),
        ("hardware", "Hardware 2 GPUs"),
        ("diagnosis", "Diagnosis 0 open"),
        ("log", "Events"),
        ("facts", "Facts"),
    ):
        picture = paint(View("healthy", shown=EVERYTHING, focus=pane), 200, 60)
        assert title in pane_text(picture, pane).splitlines()[0]
        assert inks(picture, pane, "╭") == {Ink.FRAME_FOCUSED}
        assert inks(paint(View("healthy", shown=EVERYTHING, focus="charts"), 200, 60), pane, "╭") == {
            Ink.FRAME
        }


def test_the_list_of_runs_shows_each_run_with_glyph_loss_step_and_findings() -> None:
    picture = paint(View("diverged"))
    text = pane_text(picture, "runs")
    for state in sample_snapshot().runs:
        assert state.name in text
        assert f"{state.status} @{state.progress.step}" in text
    assert ">✗ diverged" in text
    assert "NaN" in text
    assert "!1" in text
    assert inks(picture, "runs", "✗") == {STATUS_INK[Status.FAILED]}
    assert inks(picture, "runs", "✓") == {STATUS_INK[Status.DONE]}


def test_the_strip_marks_the_open_run_and_scrolls_to_it() -> None:
    assert "[resumed]" in pane_text(paint(View("resumed"), 80, 24), "runs")
    many = snapshot_of(*(replace(sample_state("overfit"), name=f"run-{i:03}") for i in range(100)))
    picture = Painter("braille").paint(many, View("run-077"), 80, 24)
    assert "[run-077]" in pane_text(picture, "runs")


def test_a_list_longer_than_its_pane_scrolls_to_the_open_run() -> None:
    many = snapshot_of(*(replace(sample_state("overfit"), name=f"run-{i:03}") for i in range(100)))
    for opened in ("run-000", "run-050", "run-099"):
        view = View(opened, cursor={"runs": int(opened[-3:])})
        assert opened in pane_text(Painter("braille").paint(many, view, 120, 40), "runs")


def test_a_chart_names_both_its_curves_their_last_values_and_the_best() -> None:
    title = pane_text(paint(View("overfit")), "chart0").splitlines()[0]
    assert "train/loss 0.0949" in title
    assert "e eval/loss 1.668 best 0.8865@100" in title
    assert "ema .6" in title


def test_the_raw_points_lie_dim_behind_the_smoothed_curve() -> None:
    rows = paint(View("overfit")).panes["chart0"]
    drawn = {ink for row in rows for _, ink in row}
    assert {Style.SERIES_1, Style.SERIES_2, Style.RAW_1} <= drawn
    off = {
        ink for row in paint(View("overfit", smoothing=SMOOTHING_CYCLE[-1])).panes["chart0"] for _, ink in row
    }
    assert Style.RAW_1 not in off


def test_non_finite_points_and_findings_are_marked() -> None:
    picture = paint(View("diverged"))
    chart = pane_text(picture, "chart0")
    assert "×12 non-finite" in chart
    assert "×××" in chart
    assert "!" in chart
    assert inks(picture, "chart0", "×××") == {Style.NONFINITE}


def test_restarts_are_marked_with_their_numbers() -> None:
    chart = pane_text(paint(View("resumed")), "chart0")
    assert "r2" in chart
    assert "r3" in chart


def test_the_chosen_chart_decides_the_page() -> None:
    picture = paint(View("healthy", cursor={"charts": 0}))
    page = len(picture.plan.charts)
    assert len(picture.specs) > page
    second = paint(View("healthy", cursor={"charts": page}))
    assert picture.specs == second.specs
    assert pane_text(second, "chart0") != pane_text(picture, "chart0")
    assert second.specs[page].tags[0] in pane_text(second, "chart0")


def test_the_last_page_is_not_filled_up_with_charts_of_the_page_before() -> None:
    view = View("healthy", cursor={"charts": 10_000})
    picture = paint(view)
    assert view.line("charts") == len(picture.specs) - 1
    assert picture.specs[-1].tags[0][:20] in "".join(
        pane_text(picture, name) for name in picture.panes if name.startswith("chart")
    )


def test_a_filter_that_matches_nothing_says_how_to_undo_it() -> None:
    text = pane_text(paint(View("healthy", filter_text="no such metric")), "chart0")
    assert "no metric matches 'no such metric'" in text
    assert "Esc" in text


def test_a_run_of_facts_alone_says_where_they_are() -> None:
    picture = Painter("braille").paint(snapshot_of(scalar_state({"x": [1.0]})), View("run-1"), 120, 40)
    assert "3 shows them" in pane_text(picture, "chart0")


def test_a_run_without_points_says_so() -> None:
    picture = Painter("braille").paint(snapshot_of(make_state([])), View("run-1"), 120, 40)
    assert "no metric was logged yet" in pane_text(picture, "chart0")
    assert "nothing was logged yet" in pane_text(picture, "diagnosis")


def test_without_runs_the_screen_says_what_it_waits_for_and_what_is_wrong() -> None:
    missing = Problem("outputs", "this path does not exist")
    picture = Painter("braille").paint(snapshot_of(problems=(missing,)), View(), 120, 40)
    assert "No training run below outputs yet" in pane_text(picture, "chart0")
    assert "outputs: this path does not exist" in pane_text(picture, "chart0")
    assert "! 1 problem" in pane_text(picture, "footer")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_to_do_without_runs_is_never_cut(width: int) -> None:
    cause = (
        "is no log of metrics that tuimon can read: neither its name nor its content is that of an event file"
    )
    picture = Painter("braille").paint(snapshot_of(problems=(Problem("outputs", cause),)), View(), width, 40)
    text = " ".join(pane_text(picture, "chart0").replace("│", " ").split())
    assert f"outputs: {cause}" in text
    assert "tables, logs, …" in text


def test_sensors_alone_are_no_metrics() -> None:
    picture = Painter("braille").paint(
        snapshot_of(scalar_state({"gpu.0.util": [90.0]})), View("run-1"), 120, 40
    )
    assert "no metric was logged yet" in pane_text(picture, "chart0")


def test_the_diagnosis_tells_each_matter_from_its_first_sign_on_and_resolved_ones_last() -> None:
    lines = pane_text(paint(View("diverged", shown={"log": False})), "diagnosis").splitlines()
    assert "1 open, 1 resolved; 9 findings" in lines[0]
    assert "CRIT" in lines[1]
    assert "then" not in lines[1]
    assert all("then" in line for line in lines[2:5])
    steps = [int(step) for line in lines for step in re.findall(r"@(\d+)", line)]
    assert steps == sorted(steps)
    resolved = pane_text(paint(View("resumed")), "diagnosis")
    assert "0 open, 2 resolved" in resolved
    assert "ok " in resolved


def test_a_clean_run_says_up_to_which_step_it_was_checked() -> None:
    assert "nothing found; checked to step 873" in pane_text(paint(View("healthy")), "diagnosis")


def test_an_explanation_says_why_and_what_to_do_beside_the_curve() -> None:
    picture = paint(View("diverged", explaining=True))
    text = pane_text(picture, "chart0")
    for part in ("divergence", "above its recent best", "Why this usually happens", "What to do", "PgDn"):
        assert part in text
    assert "train/loss" in pane_text(picture, "chart1")


@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 24), (200, 60)])
def test_an_explanation_has_a_place_at_every_size(width: int, height: int) -> None:
    assert "CRIT" in pane_text(paint(View("diverged", explaining=True), width, height), "chart0")


def test_explaining_a_finding_that_is_gone_shows_the_charts() -> None:
    picture = paint(View("healthy", explaining=True))
    assert "Training/Loss" in pane_text(picture, "chart0")


def test_the_events_are_in_order_and_in_their_colours() -> None:
    picture = paint(View("resumed", shown={"log": True}), 200, 60)
    text = pane_text(picture, "log")
    assert "700 end     run done" in text.splitlines()[-2]
    assert inks(picture, "log", "end ") == {Ink.GREEN}
    assert inks(picture, "log", "eval ") == {Ink.YELLOW}
    restarts = paint(View("resumed", shown={"log": True}, cursor={"log": 250}), 200, 60)
    assert inks(restarts, "log", "restart") <= {Ink.MAGENTA}


def test_the_log_scrolls_to_the_start_of_a_finished_run_and_not_beyond() -> None:
    view = View("overfit", shown={"log": True}, cursor={"log": 1_000_000})
    assert "run started" in pane_text(paint(view, 200, 60), "log").splitlines()[1]
    assert 0 < view.line("log") < 1_000_000


def test_the_facts_hold_best_epochs_attempts_config_and_single_values() -> None:
    text = pane_text(paint(View("resumed"), 200, 60), "facts")
    for part in ("Best", "eval/loss 0.5478 @700", "Attempts", "301 -> 541", "Config", "batch_size"):
        assert part in text
    epochs = pane_text(paint(View("huggingface"), 200, 60), "facts")
    assert "Epochs" in epochs
    assert "eval 0.9179" in epochs


def test_facts_scroll_to_their_end_and_not_beyond() -> None:
    view = View("healthy", cursor={"facts": 10_000})
    text = pane_text(paint(view, 200, 60), "facts")
    assert "histograms in" in text
    assert view.line("facts") < 10_000


def test_text_records_are_counted_among_the_facts() -> None:
    state = make_state([batch("loss", [2.0, 1.0]), TextRecord("note", 1, 1, NOW, "hello")])
    picture = Painter("braille").paint(snapshot_of(state), View("run-1"), 200, 60)
    assert "1 texts in 1 tags" in pane_text(picture, "facts")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_eight_gpus_have_their_lines(width: int, height: int) -> None:
    live = snapshot_of(live_state(), hardware=(eight_gpus(),))
    picture = Painter("braille").paint(live, View("llama-sft-7"), width, height)
    text = pane_text(picture, "hardware")
    for index in range(8):
        assert f"GPU{index} " in text
    assert "lost" in text
    assert "607W" in text
    assert "606W" not in text
    assert text.count("4.0 ") == text.count("4.1 ") == 1
    assert "CPU 34%" in text
    assert height < 30 or "Hardware 8 GPUs" in text


def test_gauges_of_a_finished_run_come_from_its_own_log() -> None:
    sensed = replace(sample_snapshot(), hardware=(eight_gpus(),))
    picture = Painter("braille").paint(sensed, View("healthy"), 200, 60)
    text = pane_text(picture, "hardware")
    assert "GPU1" in text
    assert "GPU2" not in text
    assert "as logged" in text


def test_an_unknown_gpu_use_is_no_zero() -> None:
    live = snapshot_of(live_state(), hardware=(eight_gpus(),))
    picture = Painter("braille").paint(live, View("llama-sft-7"), 120, 40)
    line = next(line for line in pane_text(picture, "hardware").splitlines() if "GPU4" in line)
    assert "-%" in line
    assert "×" not in pane_text(picture, "hardware")


def test_the_help_scrolls_and_shows_what_could_not_be_read() -> None:
    state = replace(sample_state("overfit"), problems=(Problem("a.jsonl", "line 3 is no JSON", 120),))
    snapshot = snapshot_of(state)
    view = View("overfit")
    first = Painter("braille").paint(snapshot, view, 80, 24, helping=True)
    assert "a.jsonl at byte 120: line 3 is no JSON" in pane_text(first, "help")
    view.cursor["help"] = 10_000
    last = Painter("braille").paint(snapshot, view, 80, 24, helping=True)
    assert "stopped, unknown" in pane_text(last, "help")
    assert "Signs" in pane_text(last, "help")


def test_the_chart_limits_of_a_live_run_do_not_move_with_every_point() -> None:
    painter, view = Painter("braille"), View("llama-sft-7")
    axes = set()
    for steps in range(600, 612):
        picture = painter.paint(snapshot_of(live_state(steps=steps)), view, 80, 24)
        axes.add(pane_text(picture, "chart0").splitlines()[-2])
    assert len(axes) == 1


def test_the_roots_are_named_while_they_are_listed() -> None:
    looking = snapshot_of(listing=True, roots=(Path("a"), Path("b")))
    text = text_of(Painter("braille").paint(looking, View(), 120, 40), 120, 40)
    assert "looking for runs in a, b" in text
    assert "Looking below a, b" in text


def test_histograms_over_steps_are_a_heat_map() -> None:
    view = View("healthy", filter_text="head.weight")
    text = pane_text(Painter("braille").paint(sample_snapshot(), view, 120, 40), "chart0")
    assert "Weights/head.weight 10 histograms" in text
    assert "█" in text
    assert "░" in text


def test_an_acknowledged_matter_is_dim_and_its_words_stay() -> None:
    view = View("diverged")
    before = paint(view).panes["diagnosis"]
    view.acknowledged = {("diverged", finding.id) for finding in sample_state("diverged").findings}
    after = paint(view).panes["diagnosis"]
    assert [[text for text, _ in row] for row in before] == [[text for text, _ in row] for row in after]
    assert Ink.CRITICAL in {ink for row in before for _, ink in row}
    assert Ink.CRITICAL not in {ink for row in after for _, ink in row}


def test_an_explanation_says_what_belongs_to_it() -> None:
    text = "".join(paint_explained(top=30))
    assert "What belongs to it" in text
    assert "loss became NaN" in text


def paint_explained(top: int) -> list[str]:
    view = View("diverged", explaining=True, cursor={"explanation": top})
    return pane_text(paint(view, 120, 60), "chart0").splitlines()


def test_a_perplexity_that_began_at_the_vocabulary_is_read_on_a_log_axis() -> None:
    for first, is_log in ((50_000.0, True), (60.0, False)):
        state = scalar_state({"train/perplexity": [first, 40.0, 20.0, 18.0]})
        text = pane_text(Painter("braille").paint(snapshot_of(state), View("run-1"), 120, 40), "chart0")
        assert (" log " in text.splitlines()[0]) is is_log


def state_with_spike(steps: int, at: int) -> RunState:
    losses = [9.0 * (step + 9) ** -0.2 * (1 + 0.01 * (step * 7 % 5)) for step in range(1, steps + 1)]
    losses[at - 1] = 9.0
    state = scalar_state({"train/loss": losses})
    assert [(finding.rule, finding.step) for finding in state.findings] == [("loss_spike", at)]
    return state


def test_an_explanation_shows_the_moment_of_its_finding_at_80x24() -> None:
    state = state_with_spike(20_000, at=12_000)
    picture = Painter("braille").paint(snapshot_of(state), View("run-1", explaining=True), 80, 24)
    chart = pane_text(picture, "chart1")
    assert "zoomed" in chart
    assert "train/loss 9" in chart  # the value at the moment
    shown = [float(number) for number in re.findall(r"([\d.]+)k", chart)]
    assert 11.8 < min(shown) < max(shown) < 12.2
    text = pane_text(picture, "chart0")
    assert "What to do" in text
    assert "resolved at step 12006" in " ".join(text.replace("│", " ").split())


def test_an_explanation_keeps_what_the_person_has_zoomed_to() -> None:
    state = state_with_spike(2000, at=1200)
    view = View("run-1", explaining=True, window=(1000.0, 1900.0), follow=False)
    picture = Painter("braille").paint(snapshot_of(state), view, 80, 24)
    assert "1800" in pane_text(picture, "chart1")
    assert (view.window, view.crosshair, view.follow) == ((1000.0, 1900.0), None, False)
