"""The second start looks as the first one was left, and the run's folder knows nothing of it."""

from __future__ import annotations

from pathlib import Path

from tests.terminal.conftest import READ, SAMPLE_RUNS, Watch


def test_the_layout_is_remembered_outside_of_the_runs(watch: Watch, tmp_path: Path) -> None:
    first = watch(SAMPLE_RUNS, "--run", "healthy")
    first.wait_for(*READ)
    assert "Events" in first.text
    first.press("4")
    first.wait_until(lambda: "Events" not in first.text, "the events to go")
    first.press("q")
    first.wait_for_end()
    kept = list(tmp_path.rglob("screen.json"))
    assert len(kept) == 1
    assert kept[0].parent == tmp_path / "home" / "state" / "tuimon"

    second = watch(SAMPLE_RUNS, "--run", "healthy")
    second.wait_for(*READ)
    assert "Events" not in second.text
    second.press("0")
    second.wait_for("Events")
