"""No command writes where a run is read from: the next reading would take it for a part of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import run

COMMANDS = {
    "export": (("export", "-o"), "points.csv"),
    "plot": (("plot", "--save"), "curves.svg"),
    "report": (("report", "-o"), "report.md"),
    "compare": (("compare", "--save"), "runs.json"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a run."""
    path = tmp_path / "run"
    path.mkdir()
    rows = "".join(f"{step},{1 / (step + 1)},{0.1}\n" for step in range(20))
    (path / "metrics.csv").write_text("step,loss,lr\n" + rows)
    return path


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_writes_into_the_folder_of_a_run(folder: Path, name: str) -> None:
    (command, option), file = COMMANDS[name]
    (folder / "deeper").mkdir()
    (folder.parent / "link").symlink_to(folder)
    for place in (folder, folder / "deeper", folder.parent / "link"):
        outcome = run(command, folder, option, place / file)
        assert outcome.code == 2
        assert "lies in the folder of a run (write to another folder)" in outcome.err
    assert sorted(path.name for path in folder.rglob("*")) == ["deeper", "metrics.csv"]
    assert run(command, folder, option, folder.parent / file).code == 0
    assert (folder.parent / file).stat().st_size > 0


@pytest.mark.parametrize("name", ["export", "compare"])
def test_no_command_overwrites_a_run_that_is_a_file(folder: Path, name: str) -> None:
    (command, option), file = COMMANDS[name]
    source = folder.parent / f"trainer{Path(file).suffix}"
    content = '{"step": 1, "loss": 2}\n{"step": 2, "loss": 1}\n'
    source.write_text("step,loss\n1,2\n2,1\n" if source.suffix == ".csv" else content)
    before = source.read_bytes()
    outcome = run(command, source, option, source)
    assert (outcome.code, outcome.out) == (2, "")
    assert "is what the run is read from" in outcome.err
    assert source.read_bytes() == before
