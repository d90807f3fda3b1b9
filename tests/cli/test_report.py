from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import SAMPLES, run
from tuimon.cli.report import keep_fresh


def test_the_file_is_what_its_name_says(tmp_path: Path) -> None:
    for name, begins in (("report.html", "<!DOCTYPE html>"), ("report.md", "# Report on healthy\n")):
        outcome = run("report", SAMPLES / "healthy", "-o", tmp_path / name)
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.md"]


def test_markdown_is_printed_by_default() -> None:
    outcome = run("report", SAMPLES / "overfit")
    assert outcome.out == run("report", SAMPLES / "overfit", "-o", "-").out
    assert outcome.out.startswith("# Report on overfit\n")
    assert outcome.out.endswith("|\n")


@pytest.mark.parametrize(
    "arguments",
    [("-o", "report.pdf"), ("-o", "report"), ("--every", "soon"), ("--every", "0"), ("--every", "1h")],
    ids=" ".join,
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    outcome = run("report", SAMPLES / "healthy", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1].startswith("tuimon")


def test_the_report_is_kept_fresh_until_no_run_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes: list[bool | OSError] = [True, True, OSError(5, "Input/output error"), True, False]
    slept: list[float] = []

    def write() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    keep_fresh(write, 60.0, slept.append)
    assert slept == [60.0] * 4
    assert outcomes == []
    assert "the report was not written anew" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told_at_once() -> None:
    outcome = run("report", SAMPLES / "healthy", "-o", "/nowhere/report.html", "--every", "1h")
    assert outcome.code == 1
    assert "/nowhere" in outcome.err


def test_of_ended_runs_a_report_is_written_once(tmp_path: Path) -> None:
    assert run("report", SAMPLES / "healthy", "-o", tmp_path / "report.md", "--every", "1h").code == 0
    assert (tmp_path / "report.md").exists()


def test_nothing_is_written_below_what_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "outputs").mkdir()
    source = SAMPLES / "diverged" / "metrics.jsonl"
    (tmp_path / "outputs" / "metrics.jsonl").write_bytes(source.read_bytes())
    before = (tmp_path / "outputs").stat().st_mtime_ns
    assert run("report", tmp_path / "outputs", "-o", tmp_path / "report.html").code == 0
    assert run("plot", tmp_path / "outputs", "--save", tmp_path / "training.svg").code == 0
    assert (tmp_path / "outputs").stat().st_mtime_ns == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["outputs", "report.html", "training.svg"]
