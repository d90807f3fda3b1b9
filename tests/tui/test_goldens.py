"""The whole screen as text, at the sizes that people have; see conftest.py for how to renew it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.tui.drawing import text_of
from tests.tui.states import eight_gpus, live_state, sample_snapshot, sample_state, snapshot_of
from tuimon.charts.style import Glyphs
from tuimon.monitor.snapshot import Playback, Snapshot
from tuimon.tui.picture import Painter
from tuimon.tui.view import View

GOLDENS = Path(__file__).parent / "goldens"


@dataclass(frozen=True)
class Screen:
    """What a golden shows: a size, a snapshot, and what the person has chosen."""

    name: str
    width: int
    height: int
    snapshot: Callable[[], Snapshot]
    view: View = field(default_factory=View)
    glyphs: Glyphs = "braille"
    helping: bool = False

    def draw(self) -> str:
        picture = Painter(self.glyphs).paint(
            self.snapshot(), self.view, self.width, self.height, helping=self.helping
        )
        return text_of(picture, self.width, self.height)


def live_with_gpus() -> Snapshot:
    return snapshot_of(live_state(), hardware=(eight_gpus(),))


def replayed() -> Snapshot:
    state = sample_state("resumed")
    start = state.run.attempts[0].start_time
    playback = Playback(20.0, paused=False, position=start + 600.0, start=start, end=start + 1047.0, step=400)
    return snapshot_of(state, playback=playback)


COMPARED = View("healthy", pinned="resumed", selected=["huggingface"], crosshair=300.0)
SCREENS = (
    Screen("40x12-diverged", 40, 12, sample_snapshot, View("diverged")),
    Screen("80x24-overfit", 80, 24, sample_snapshot, View("overfit")),
    Screen("80x24-diverged-ascii", 80, 24, sample_snapshot, View("diverged"), glyphs="ascii"),
    Screen("80x24-live-eight-gpus", 80, 24, live_with_gpus, View("llama-sft-7")),
    Screen("80x24-help", 80, 24, sample_snapshot, View("healthy"), helping=True),
    Screen("120x40-healthy", 120, 40, sample_snapshot, View("healthy")),
    Screen("120x40-live-eight-gpus", 120, 40, live_with_gpus, View("llama-sft-7")),
    Screen("120x40-diverged-explained", 120, 40, sample_snapshot, View("diverged", explaining=True)),
    Screen("120x40-resumed-full-chart", 120, 40, sample_snapshot, View("resumed", full_chart=True)),
    Screen("120x40-waiting", 120, 40, snapshot_of),
    Screen("80x5-resumed", 80, 5, sample_snapshot, View("resumed")),
    Screen("100x20-table", 100, 20, sample_snapshot, View("overfit", run_table=True, run_order="best")),
    Screen("120x40-compared", 120, 40, sample_snapshot, COMPARED),
    Screen("120x30-replay", 120, 30, replayed, View("resumed")),
    Screen("300x80-healthy", 300, 80, sample_snapshot, View("healthy", rows=4, columns=4)),
    Screen("200x60-huggingface", 200, 60, sample_snapshot, View("huggingface")),
    Screen("200x60-resumed", 200, 60, sample_snapshot, View("resumed")),
)


@pytest.mark.parametrize("name", [screen.name for screen in SCREENS])
def test_the_screen_looks_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    drawn = next(screen for screen in SCREENS if screen.name == name).draw()
    golden = GOLDENS / f"{name}.txt"
    if request.config.getoption("--renew-goldens", default=False):
        golden.write_text(drawn, encoding="utf-8")
    before = golden.read_text(encoding="utf-8").splitlines()
    difference = "\n".join(unified_diff(before, drawn.splitlines(), "before", "now", lineterm=""))
    assert not difference, f"if this is meant, renew the goldens (see conftest.py)\n{difference}"


def test_there_is_no_golden_that_nobody_draws() -> None:
    assert {path.stem for path in GOLDENS.iterdir()} == {screen.name for screen in SCREENS}


def test_a_picture_drawn_twice_is_the_same() -> None:
    for screen in SCREENS:
        painter = Painter(screen.glyphs)
        first, second = (
            painter.paint(screen.snapshot(), screen.view, screen.width, screen.height) for _ in range(2)
        )
        assert first.panes == second.panes, screen.name
