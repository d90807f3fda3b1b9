from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree as ET

import pytest

from tests.commands import SAMPLES, environment, run, start


def test_a_picture_is_what_its_name_says(tmp_path: Path) -> None:
    kinds = {"training.png": b"\x89PNG\r\n", "training.pdf": b"%PDF-", "training.svg": b"<svg "}
    for name, begins in kinds.items():
        outcome = run("plot", SAMPLES / "overfit", "--tag", "loss", "--save", tmp_path / name)
        assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert {path.name for path in tmp_path.iterdir()} == set(kinds)


def test_svg_needs_no_matplotlib_and_other_pictures_say_what_to_do(tmp_path: Path) -> None:
    with mock.patch.dict(sys.modules, {"matplotlib": None}):
        assert run("plot", SAMPLES / "healthy", "--save", tmp_path / "a.svg").code == 0
        outcome = run("plot", SAMPLES / "healthy", "--save", tmp_path / "a.png")
    assert outcome.code == 1
    assert "pip install 'tuimon[png]'" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_a_picture_may_go_to_standard_output() -> None:
    outcome = run("plot", SAMPLES / "overfit", "--save", "-")
    assert ET.fromstring(outcome.out).tag.endswith("svg")  # noqa: S314 - it was made here


def test_tags_can_be_asked_for_and_a_wrong_one_is_told() -> None:
    outcome = run("plot", SAMPLES / "healthy", "--tag", "Perplex", "--tag", "^Memory/")
    assert "Training/Perplexity and Validation/Perplexity" in outcome.out
    assert "Memory/" in outcome.out
    assert "Training/Loss" not in outcome.out
    wrong = run("plot", SAMPLES / "healthy", "--tag", "nonsense")
    assert (wrong.code, wrong.out) == (3, "")
    assert "no curve matches nonsense" in wrong.err


@pytest.mark.parametrize(
    "arguments",
    [("--save", "picture"), ("--save", "a.jpeg"), ("--tag", "("), ("--smooth", "1"), ("-x", "moon")],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    outcome = run("plot", SAMPLES / "healthy", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1].startswith("tuimon")


def test_more_runs_than_colours_are_not_drawn_over_each_other(tmp_path: Path) -> None:
    for number in range(10):
        rows = "".join(
            f'{{"step":{s},"time":{1.7e9 + number * 99 + s},"loss":{1 / s}}}\n' for s in range(1, 9)
        )
        (tmp_path / f"run{number}.jsonl").write_text(rows)
    outcome = run("plot", tmp_path)
    assert "the 8 newest of 10 runs are drawn" in outcome.err
    assert "a run2  b run3" in outcome.out
    assert "run1" not in outcome.out


def test_a_pipe_gets_no_colour_and_eighty_columns() -> None:
    outcome = start("plot", SAMPLES / "resumed")
    assert outcome.code == 0
    assert "\x1b" not in outcome.out
    assert max(map(len, outcome.out.splitlines())) == 80


def test_plotext_is_loaded_for_text_alone() -> None:
    program = "\n".join(
        f"main(['plot', {str(SAMPLES / 'overfit')!r}, *{options}]); print('plotext' in sys.modules)"
        for options in (["--save", "-"], [])
    )
    command = [sys.executable, "-c", f"import sys; from tuimon.cli.main import main\n{program}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment())
    assert [line for line in ended.stdout.splitlines() if line in ("True", "False")] == ["False", "True"]


def test_more_panels_than_a_picture_has_are_told(tmp_path: Path) -> None:
    rows = (json.dumps({"step": s, **{f"a{n}": s + n for n in range(30)}}) for s in range(3))
    (tmp_path / "metrics.jsonl").write_text("\n".join(rows))
    outcome = run("plot", tmp_path, "--tag", ".", "--save", tmp_path.parent / f"{tmp_path.name}.svg")
    assert (outcome.code, outcome.err.splitlines()[0]) == (
        0, "tuimon: 24 panels are drawn, 6 more match: --tag can say which"
    )  # fmt: skip
