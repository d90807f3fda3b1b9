from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tuimon.hardware.writers import find_writers
from tuimon.monitor import liveness
from tuimon.monitor.liveness import WriterWatch

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells of open files")

WRITE = "import sys; f = open(sys.argv[1], sys.argv[2]); print('open', flush=True); sys.stdin.read()"


class Trainer:
    """A real process that holds a file open."""

    def __init__(self, path: Path, mode: str, *more: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path), mode, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "open\n"

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.jsonl"
    path.touch()
    return path


@pytest.fixture
def writer(log: Path) -> Iterator[Trainer]:
    trainer = Trainer(log, "a")
    yield trainer
    trainer.kill()


def test_the_process_that_writes_a_file_is_found(log: Path, writer: Trainer) -> None:
    assert find_writers([log]) == {log: writer.pid}


def test_a_reader_is_no_writer(log: Path) -> None:
    reader = Trainer(log, "r")
    assert find_writers([log]) == {}
    reader.kill()


def test_a_writer_that_is_killed_is_told_at_the_next_look(log: Path, writer: Trainer) -> None:
    watch = WriterWatch()
    paths = {"run": (log,)}
    assert watch.alive("run") is None
    watch.look(paths, 0.0)
    assert watch.alive("run") is True
    writer.kill()
    watch.look(paths, 1.0)
    assert watch.alive("run") is False


def test_the_writer_of_a_silent_run_is_looked_for_once(
    log: Path, writer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ended := tmp_path / "ended.jsonl").touch()
    searched: list[list[Path]] = []

    def find(paths: Iterable[Path], among: Iterable[int] | None = None) -> dict[Path, int]:
        searched.append(list(paths))
        return find_writers(paths, among)

    monkeypatch.setattr(liveness, "find_writers", find)
    watch = WriterWatch()
    for second in range(3):
        watch.look({}, float(second), {"hangs": (log,), "ended": (ended,)})
    assert (watch.alive("hangs"), watch.alive("ended")) == (True, None)
    assert [paths for paths in searched if ended in paths] == [[log, ended]]
    assert (process := watch.process("hangs")) is not None
    assert process.pid == writer.pid


def test_that_a_notebook_lives_says_nothing_of_its_training(log: Path) -> None:
    notebook = Trainer(log, "a", "ipykernel_launcher")
    watch = WriterWatch()
    watch.look({"run": (log,)}, 0.0)
    assert watch.process("run") is not None
    assert watch.alive("run") is None
    notebook.kill()
    watch.look({"run": (log,)}, 1.0)
    assert watch.alive("run") is False


def test_a_run_whose_writer_was_never_seen_is_never_dead(log: Path) -> None:
    watch = WriterWatch()
    watch.look({"run": (log,)}, 0.0)
    watch.note_growth("run", 1.0)
    assert watch.alive("run") is None


def test_the_last_words_of_a_dead_writer_are_its_own_and_later_growth_is_anothers(
    log: Path, writer: Trainer
) -> None:
    watch = WriterWatch()
    watch.look({"run": (log,)}, 0.0)
    writer.kill()
    watch.look({"run": (log,)}, 1.0)
    watch.note_growth("run", 2.0)
    assert watch.alive("run") is False
    watch.note_growth("run", 60.0)
    assert watch.alive("run") is None


def test_what_comes_behind_the_last_words_is_anothers_at_once(log: Path, writer: Trainer) -> None:
    watch = WriterWatch()
    watch.look({"run": (log,)}, 0.0)
    writer.kill()
    watch.look({"run": (log,)}, 1.0)
    watch.note_growth("run", 1.1, caught_up=False)
    watch.note_growth("run", 1.2)
    assert watch.alive("run") is False
    watch.note_growth("run", 1.4)
    assert watch.alive("run") is None


def test_the_writer_of_a_resumed_run_takes_over(log: Path, writer: Trainer) -> None:
    watch = WriterWatch()
    watch.look({"run": (log,)}, 0.0)
    writer.kill()
    resumed = Trainer(log, "a")
    watch.look({"run": (log,)}, 6.0)
    assert watch.alive("run") is True
    resumed.kill()
