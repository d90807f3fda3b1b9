from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tuimon
from tests.commands import only_run, summarised
from tuimon import RunWriter


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_written_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "first" / "metrics.jsonl"
    with RunWriter(path, config={"max_steps": 20, "optimizer": {"lr": np.float64(3e-4)}}) as run:
        for step in range(1, 21):
            run.log({"train/loss": np.float32(3 / step), "tokens": np.int64(step * 512)}, step=step)
            if step % 10 == 0:
                run.log({"eval": {"loss": 2 / step, "bleu": None}}, step=step)
                run.event("checkpoint", f"checkpoint-{step}", step=step)
    (found,) = summarised(tmp_path)["runs"]
    assert (found["status"], found["step"], found["total_steps"]) == ("done", 20, 20)
    assert found["config"]["optimizer.lr"] == 3e-4
    loss = tuimon.load(tmp_path)["first"]["train/loss"]
    assert loss.values.tolist() == [float(np.float32(3 / step)) for step in range(1, 21)]
    assert found["series"]["eval/loss"]["count"] == 2
    assert found["series"]["tokens"]["last"] == 20 * 512
    assert "eval/bleu" not in found["series"]


def test_lines_of_one_call_are_handed_over_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(file: int, content: bytes) -> int:
        sizes.append(len(content))
        return write(file, content)

    write = os.write
    run = RunWriter(tmp_path / "metrics.jsonl")
    monkeypatch.setattr(os, "write", counted)
    run.write({"a": 1}, {"b": 2})
    run.close()
    assert rows(run.path)[-2:] == [{"a": 1}, {"b": 2}]
    assert sizes == [len('{"a": 1}\n{"b": 2}\n')]


def test_what_json_has_no_number_for_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    run = RunWriter(path)
    for step, value in enumerate([1.0, math.nan, math.inf, -math.inf, np.float32("nan")]):
        run.log({"loss": value}, step=step)
    run.close()
    loss = tuimon.load(path)["metrics"]["loss"].values
    np.testing.assert_array_equal(loss, [1.0, math.nan, math.inf, -math.inf, math.nan])


def test_a_block_that_fails_is_a_run_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    nothing: dict[str, float] = {}
    with pytest.raises(KeyError, match="loss"), RunWriter(path) as run:
        run.log({"loss": nothing["loss"]}, step=1)
    assert rows(path)[-1]["message"] == "KeyError: 'loss'"


def test_a_second_writer_continues_the_file_behind_a_line_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    with RunWriter(path) as run:
        for step in range(1, 11):
            run.log({"loss": 1.0}, step=step)
    with path.open("a") as file:
        file.write('{"step": 11, "lo')
    run = RunWriter(path)
    for step in range(6, 9):
        run.log({"loss": 2.0}, step=step)
    run.close()
    found = only_run(path)
    assert (found["attempts"], found["series"]["loss"]["count"]) == (2, 13)


def test_a_value_that_is_no_metric_is_refused_by_its_name(tmp_path: Path) -> None:
    run = RunWriter(tmp_path / "metrics.jsonl")
    with pytest.raises(TypeError, match=r"loss\.parts is no number"):
        run.log({"loss": {"parts": object()}}, step=1)
    with pytest.raises(TypeError, match="weights is no number"):
        run.log({"weights": np.zeros(3)}, step=1)
    run.close()
    run.close()
    with pytest.raises(ValueError, match="is closed"):
        run.log({"loss": 1.0}, step=1)
    assert len(rows(run.path)) == 1


def test_every_line_is_there_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    script = (
        "import os, signal, tuimon\n"
        f"run = tuimon.RunWriter({str(path)!r})\n"
        "for step in range(100): run.log({'loss': 1 / (step + 1)}, step=step)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    assert [row["step"] for row in rows(path)[1:]] == list(range(100))


def test_a_full_disk_costs_lines_and_not_the_training(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    script = (
        "import resource, signal, sys, warnings, tuimon\n"
        f"run = tuimon.RunWriter({str(path)!r})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "_, most = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400, most))\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        "    for step in range(50): run.log({'loss': 1.0}, step=step)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n"
        "run.log({'loss': 2.0}, step=50)\n"
        "print(len(told), told[0].message)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ended.stdout == f"1 {path} cannot be written: File too large\n"
    loss = tuimon.load(path)["metrics"]["loss"]
    assert loss.values[-1] == 2.0
    assert (loss.values[:-1] == 1.0).all()


def test_a_training_loop_needs_neither_numpy_nor_the_library() -> None:
    script = "import sys, tuimon; tuimon.RunWriter; print({'numpy', 'orjson'} & sys.modules.keys())"
    ended = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ended.stdout == "set()\n"
