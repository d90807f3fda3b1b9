"""Any screen, any choice: panes never overlap, never leave the screen, and the frame never breaks."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.drawing import places
from tuimon.tui.arrange import MOST_CHARTS, Needs, arrange
from tuimon.tui.plan import BORDERS, Plan, Rect
from tuimon.tui.view import PANES, View

VIEWS = st.builds(
    View,
    focus=st.sampled_from(PANES),
    shown=st.dictionaries(st.sampled_from(PANES), st.booleans()),
    full_chart=st.booleans(),
    explaining=st.booleans(),
    columns=st.integers(0, 4),
    sizes=st.dictionaries(st.sampled_from(BORDERS), st.floats(0, 1)),
)
NEEDS = st.builds(
    Needs,
    runs=st.integers(0, 500),
    charts=st.integers(0, 80),
    gpus=st.integers(0, 64),
    hardware=st.booleans(),
    findings=st.integers(0, 40),
)


def overlap(a: Rect, b: Rect) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


@settings(max_examples=300)
@given(st.integers(1, 400), st.integers(1, 120), VIEWS, NEEDS)
def test_every_plan_fits(width: int, height: int, view: View, needs: Needs) -> None:
    plan = arrange(width, height, view, needs)
    placed = places(plan)
    for name, rect in placed.items():
        assert rect.x >= 0, name
        assert rect.y >= 0, name
        assert rect.width >= 1, name
        assert rect.height >= 1, name
        assert rect.x + rect.width <= width, name
        assert rect.y + rect.height <= height, name
    for (name, rect), (other, beside) in combinations(placed.items(), 2):
        assert not overlap(rect, beside), f"{name} lies over {other}"
    assert "header" in placed
    assert "footer" in placed or height <= 3
    assert len(plan.charts) <= MOST_CHARTS
    for index, rect in enumerate(plan.charts):
        assert rect.height >= 3, f"chart{index} has no room within its frame"
        assert rect.width >= 3 or width < 3
    for name in ("runs", "log", "facts"):
        if name in placed and not (name == "runs" and plan.strip):
            assert placed[name].height >= 3, name
            assert placed[name].width >= min(20, width), name


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_the_screen_is_used_completely(width: int, height: int) -> None:
    plan = arrange(width, height, View(), Needs(runs=5, charts=9, gpus=4, findings=3))
    assert sum(rect.width * rect.height for rect in places(plan).values()) == width * height


USUAL = Needs(runs=5, charts=8, gpus=2, findings=3)


def plan_of(width: int, height: int, view: View | None = None, needs: Needs = USUAL) -> Plan:
    return arrange(width, height, view or View(), needs)


def names(width: int, height: int, view: View | None = None, needs: Needs = USUAL) -> set[str]:
    return set(plan_of(width, height, view, needs).panes)


def test_what_each_size_shows_by_itself() -> None:
    always = {"header", "footer", "diagnosis"}
    assert names(200, 60) == always | {"runs", "hardware", "log", "facts"}
    assert names(120, 40) == always | {"runs", "hardware", "log", "facts"}
    assert names(120, 40, needs=replace(USUAL, runs=30)) == always | {"runs", "hardware", "log"}
    assert names(120, 32) == always | {"runs", "hardware", "facts"}
    assert names(80, 24) == always | {"runs", "hardware"}
    assert names(40, 12) == always
    assert len(plan_of(200, 60).charts) > len(plan_of(120, 40).charts) >= 4
    assert len(plan_of(80, 24).charts) == 3
    assert len(plan_of(40, 12).charts) == 1


def test_the_list_of_runs_is_a_line_where_there_is_no_room_for_a_side_bar() -> None:
    small, wide = plan_of(80, 24), plan_of(120, 40)
    assert small.strip
    assert small.panes["runs"].height == 1
    assert not wide.strip
    assert wide.panes["runs"].width == 26
    assert "runs" not in plan_of(80, 24, needs=replace(USUAL, runs=1)).panes


def test_the_diagnosis_shrinks_to_a_line_but_stays() -> None:
    assert plan_of(80, 24).panes["diagnosis"].height >= 3
    assert plan_of(60, 11).panes["diagnosis"].height == 1


@pytest.mark.parametrize("pane", [pane for pane in PANES if pane != "charts"])
def test_a_pane_that_was_switched_off_is_gone_and_one_switched_on_is_there(pane: str) -> None:
    for width, height in ((80, 24), (120, 40), (200, 60)):
        assert pane not in names(width, height, View(shown={pane: False}))
        assert pane in names(width, height, View(shown={pane: True}))


def test_charts_can_be_switched_off_too() -> None:
    assert plan_of(120, 40, View(shown={"charts": False})).charts == []


def test_a_full_screen_chart_takes_all_but_header_footer_and_runs() -> None:
    plan = plan_of(120, 40, View(full_chart=True))
    assert plan.charts == [Rect(26, 2, 94, 37)]
    assert set(plan.panes) == {"header", "footer", "runs", "facts"}


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_the_chosen_number_of_columns_holds(columns: int) -> None:
    charts = plan_of(200, 60, View(columns=columns), replace(USUAL, charts=12)).charts
    assert len({rect.x for rect in charts}) == columns
    assert max(rect.width for rect in charts) - min(rect.width for rect in charts) <= 1


def test_many_gpus_get_more_lines_than_few() -> None:
    few, many = (plan_of(120, 40, needs=replace(USUAL, gpus=gpus)) for gpus in (1, 8))
    assert many.panes["hardware"].height > few.panes["hardware"].height


def test_without_sensors_the_facts_take_the_place_beside_the_diagnosis() -> None:
    blind = replace(USUAL, gpus=0, hardware=False)
    assert "hardware" not in names(120, 40, needs=blind)
    assert "facts" in names(120, 40, needs=blind)
    assert "hardware" in names(120, 40, View(shown={"hardware": True}), blind)


def test_a_border_stands_where_it_was_moved_to_and_leaves_room_for_charts() -> None:
    for width, height in ((80, 24), (120, 40), (200, 60)):
        for border in plan_of(width, height).borders:
            for by in (3, -3, 300, -300):
                view = View(sizes={border.name: border.moved(by)})
                after = plan_of(width, height, view)
                moved = next(each for each in after.borders if each.name == border.name)
                if abs(by) == 3 and border.size - 3 > 0:
                    assert moved.edge in (border.edge + by, border.edge), border.name
                assert after.charts
                assert sum(rect.width * rect.height for rect in places(after).values()) == width * height


def test_every_border_that_has_a_name_can_be_moved_somewhere() -> None:
    facts = View(shown={"facts": True})
    plans = [plan_of(*size) for size in ((80, 24), (120, 40), (200, 60))]
    plans.append(plan_of(120, 40, facts, replace(USUAL, runs=30)))
    moved = {border.name for plan in plans for border in plan.borders}
    assert moved == set(BORDERS)


def test_a_pane_grows_on_whichever_side_of_its_border_it_lies() -> None:
    plan = plan_of(120, 40)
    middle = next(border for border in plan.borders if border.name == "middle")
    lower, higher = middle.grown("charts", 2), middle.grown("diagnosis", 2)
    assert lower == (middle.size - 2) / middle.whole
    assert higher == (middle.size + 2) / middle.whole
    assert middle.grown("runs", 1) is None


def test_what_was_chosen_on_a_large_screen_leaves_room_on_a_small_one() -> None:
    view = View(sizes={"side": 0.4, "middle": 0.7, "bottom": 0.5, "diagnosis": 0.6, "hardware": 0.6})
    for width, height in ((60, 20), (80, 24), (100, 30), (200, 60)):
        charts = plan_of(width, height, view).charts
        assert charts
        assert charts[0].height >= 5
