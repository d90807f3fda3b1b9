"""The second start looks as the first one was left, and the run's folder knows nothing of it."""

from __future__ import annotations

from pathlib import Path

from tests.terminal.conftest import READ, SAMPLE_RUNS, Watch


def test_the_layout_is_remembered_outside_of_the_runs(watch: Watch, tmp_path: Path) -> None:
    state = tmp_path / "home" / "elsewhere"
    first = watch(SAMPLE_RUNS, "--run", "healthy", XDG_STATE_HOME=str(state))
    first.wait_for(*READ)
    assert "new here?" in first.text.splitlines()[-1]
    assert "Events" in first.text
    first.press("4")
    first.wait_until(lambda: "Events" not in first.text, "the events to go")
    first.press("q")
    first.wait_for_end()
    assert [path.name for path in (state / "tuimon").iterdir()] == ["screen.json"]

    second = watch(SAMPLE_RUNS, "--run", "healthy", XDG_STATE_HOME=str(state))
    second.wait_for(*READ)
    assert "? help" in second.text.splitlines()[-1]
    assert "Events" not in second.text
    second.press("0")
    second.wait_for("Events")
