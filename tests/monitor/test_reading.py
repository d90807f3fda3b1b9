"""What a run's files tell of themselves, and no longer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commands import SAMPLES
from tests.watching import rows, says, wait_for, wait_for_points, watching, write
from tuimon.core.batch import Problem
from tuimon.monitor.reading import RunReading
from tuimon.sources.base import UNBOUNDED, ReadBudget
from tuimon.sources.discovery import discover
from tuimon.sources.naming import Root
from tuimon.sources.tailed_file import ProblemOver, TailedFile

EVENTS = "events.out.tfevents.1772442000.sample.0"


def reading_of(path: Path) -> RunReading:
    (ref,) = discover([Root(path)]).runs
    return RunReading(ref)


@pytest.mark.parametrize("name", ["metrics.jsonl", "metrics.csv", EVENTS])
def test_a_problem_that_is_over_is_told_no_longer(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run" / name
    texts = {
        ".jsonl": '{"step": 1, "loss": 2.0}\nno row\n{"step": 2, "loss": 1.5}\n',
        ".csv": "step,loss\n1,2.0\n2,1.5\n",
    }
    path.parent.mkdir()
    known = texts.get(path.suffix)
    path.write_bytes((SAMPLES / "healthy" / EVENTS).read_bytes() if known is None else known.encode())
    reading = reading_of(path.parent)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        reading.read(UNBOUNDED)
        assert ["may not be read" in problem.message for problem in reading.problems] == [True]
    reading.read(UNBOUNDED)
    told = [problem.message for problem in reading.problems]
    # What is wrong with a line stays wrong.
    assert told == (["line is no valid JSON and was skipped"] if path.suffix == ".jsonl" else [])
    assert reading.store.revision


def test_memory_goes_back_when_much_was_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    path = tmp_path / "run" / "metrics.jsonl"
    path.parent.mkdir()
    path.write_text("".join(f'{{"step": {step}, "loss": 0.{"5" * 1000}}}\n' for step in range(5000)))
    reading = reading_of(path.parent)
    monkeypatch.setattr("tuimon.monitor.reading.give_back_freed_memory", lambda: given.append(1))
    more = reading.read(ReadBudget(1 << 20))
    assert more
    assert not given
    while more:
        more = reading.read(ReadBudget(1 << 20))
    assert given == [1]
    with path.open("a") as file:
        file.write('{"step": 5000, "loss": 0.5}\n')
    reading.read(UNBOUNDED)
    assert reading.store.freeze().series["loss"].statistics.last_step == 5000
    assert given == [1]


def refuse(*_: object) -> int:
    raise PermissionError(13, "Permission denied")


def test_only_the_last_trouble_stands_and_each_end_is_told_once(tmp_path: Path) -> None:
    path, away = tmp_path / "a", tmp_path / "away"
    path.write_bytes(b"one")
    tail = TailedFile(path)
    tail.read()
    path.rename(away)
    path.mkdir()
    directory, gone = "is not a regular file and was not read", "is gone; what was read from it is kept"
    assert tail.read().problem == Problem(str(path), directory)
    path.rmdir()
    told = [tail.read().problem for _ in range(3)]
    assert told == [Problem(str(path), gone), ProblemOver(str(path), directory), None]
    away.rename(path)
    assert [tail.read().problem for _ in range(3)] == [ProblemOver(str(path), gone), None, None]


def test_a_new_generation_is_told_before_the_end_of_a_trouble_that_may_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    tail = TailedFile(path)
    tail.read()
    path.unlink()
    gone = tail.read().problem
    path.write_bytes(b"other")
    chunk = tail.read()
    assert chunk.new_generation
    assert not isinstance(chunk.problem, ProblemOver)
    path.unlink()
    # It is gone again, before anybody heard that it was back.
    assert [tail.read().problem for _ in range(3)] == [gone, None, None]


def test_the_screen_forgets_a_file_that_was_gone_when_it_is_back(tmp_path: Path) -> None:
    path, away = write(tmp_path / "a" / "metrics.jsonl", rows(range(5))), tmp_path / "away"
    with watching(tmp_path) as monitor:
        wait_for_points(monitor, "a", 5)
        path.rename(away)
        wait_for(monitor, lambda s: says(s, "is gone"), hurry=True)
        away.rename(path)
        wait_for(monitor, lambda s: not says(s, "is gone"), hurry=True)
