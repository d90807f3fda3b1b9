"""Console output without metrics beside the logs of a run: it tells why the run ended."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.commands import only_run, run, summarised
from tuimon.core.batch import LifecycleRecord, LogLine
from tuimon.sources.base import UNBOUNDED
from tuimon.sources.discovery import discover
from tuimon.sources.naming import Root
from tuimon.sources.registry import open_source

BEGIN = 1_700_000_000
OUT_OF_MEMORY = (
    "Loading checkpoint shards\n"
    "Traceback (most recent call last):\n"
    '  File "train.py", line 7, in <module>\n'
    "    loss.backward()\n"
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
    "srun: error: node07: task 0: Exited with exit code 1\n"
)


def metrics(path: Path, count: int = 20) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ({"step": s, "loss": 1 / (s + 1), "time": BEGIN + s} for s in range(count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def console(path: Path, text: str = OUT_OF_MEMORY, after_s: float = 60) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (BEGIN + after_s, BEGIN + after_s))
    return path


def sources(path: Path) -> dict[str, list[str]]:
    return {
        ref.name: [file.name for source in ref.sources for file in source.paths]
        for ref in discover([Root(path)]).runs
    }


@pytest.mark.parametrize(
    "name", ["train.log", "slurm-123.out", "job.err", "stderr.txt", "console_1.txt", "job.o12345"]
)
def test_a_console_says_why_the_run_of_its_folder_failed(name: str, tmp_path: Path) -> None:
    metrics(tmp_path / "metrics.jsonl")
    console(tmp_path / name)
    found = only_run(tmp_path)
    assert found["status"] == "failed"
    assert set(found["series"]) == {"loss"}
    assert "out of memory: torch.OutOfMemoryError: CUDA out of memory" in run("check", tmp_path).out


@pytest.mark.parametrize("name", ["notes.txt", "debug-internal.log"])
def test_other_text_is_left_out(name: str, tmp_path: Path) -> None:
    metrics(tmp_path / "metrics.jsonl")
    console(tmp_path / name)
    assert sources(tmp_path) == {tmp_path.name: ["metrics.jsonl"]}


def test_a_console_alone_is_no_run(tmp_path: Path) -> None:
    console(tmp_path / "train.log")
    assert run("summary", tmp_path).code == run("summary", tmp_path / "train.log").code == 3
    assert "console output" in run("doctor", tmp_path).out


def test_a_line_or_two_of_metrics_change_nothing(tmp_path: Path) -> None:
    metrics(tmp_path / "metrics.jsonl")
    console(tmp_path / "train.log", "step: 1, loss: 2.5\n" + OUT_OF_MEMORY)
    assert only_run(tmp_path)["status"] == "failed"


def test_of_several_runs_the_one_of_the_same_name_has_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        metrics(tmp_path / f"{name}.jsonl")
    console(tmp_path / "b.err")
    console(tmp_path / "slurm-1.out")
    assert sources(tmp_path) == {"a": ["a.jsonl"], "b": ["b.jsonl", "b.err"]}


def test_the_log_of_another_program_is_not_given_to_the_only_file(tmp_path: Path) -> None:
    metrics(tmp_path / "a.jsonl")
    console(tmp_path / "b.err")
    assert [len(files) for files in sources(tmp_path).values()] == [1]


def test_of_the_jobs_of_a_run_the_last_one_counts(tmp_path: Path) -> None:
    metrics(tmp_path / "metrics.jsonl")
    console(tmp_path / "slurm-9.out")
    console(tmp_path / "slurm-10.out", "all went well\n")
    assert sources(tmp_path) == {tmp_path.name: ["metrics.jsonl", "slurm-10.out"]}
    assert only_run(tmp_path)["status"] == "stopped"


@pytest.mark.parametrize(
    ("text", "after_s"),
    [
        (OUT_OF_MEMORY, 5),  # training went on
        (OUT_OF_MEMORY + "saving\n" * 30, 60),  # so did the program
        ("ERROR: no wandb key, going on without\ndone\n", 60),
    ],
)
def test_a_failure_that_did_not_end_the_run_is_shown_only(text: str, after_s: float, tmp_path: Path) -> None:
    metrics(tmp_path / "metrics.jsonl")
    path = console(tmp_path / "train.log", text, after_s)
    assert only_run(tmp_path)["status"] == "stopped"
    (ref,) = discover([Root(tmp_path)]).runs
    source = open_source(next(source for source in ref.sources if path in source.paths))
    records = source.read(UNBOUNDED).records
    assert [record.text for record in records if isinstance(record, LogLine)] == text.splitlines()
    assert any(isinstance(record, LogLine) and record.level == "error" for record in records)


def test_a_failure_with_a_time_counts_wherever_it_stands(tmp_path: Path) -> None:
    metrics(tmp_path / "metrics.jsonl")
    path = console(
        tmp_path / "train.log", "2024-01-01 10:00:00 RuntimeError: CUDA error: lost\n" + "x\n" * 99
    )
    (ref,) = discover([Root(tmp_path)]).runs
    source = open_source(next(source for source in ref.sources if path in source.paths))
    errors = [each for each in source.read(UNBOUNDED).records if isinstance(each, LifecycleRecord)]
    assert [each.kind for each in errors] == ["error"]


def test_a_console_that_comes_to_tell_metrics_makes_a_run(tmp_path: Path) -> None:
    path = console(tmp_path / "train.log", "starting\n")
    assert run("summary", tmp_path).code == 3
    path.write_text("".join(f"step: {s}, loss: {1 / (s + 1)}\n" for s in range(9)))
    assert len(summarised(tmp_path)["runs"]) == 1
