from __future__ import annotations

import math

import pytest

from tests.analysis.findings.runs import START, RunLog, falling, level, log_of, only, rules
from tuimon.analysis.findings.engine import FindingEngine
from tuimon.analysis.findings.finding import FindingState, Severity
from tuimon.analysis.status import Status
from tuimon.store.rows import RowReader


def hanging(percent: float = 100.0, seconds: int = 1200) -> RunLog:
    """Fifty lines, and then readings of the sensors only."""
    log = log_of("loss", falling(50))
    for second in range(10, seconds, 10):
        log.sample({"gpu.0.util": percent, "proc.alive": 1.0}, at=log.time + second)
    return log


def test_a_silence_of_ten_minutes_is_a_stall() -> None:
    log = hanging()
    found = only(log.findings(), "stalled")
    assert found.severity is Severity.CRITICAL
    assert found.series == "run"
    assert found.step == 500
    assert found.time == log.time + 610
    assert (
        found.message
        == "no training line for 10m10s (usual 4.0s); GPU at 100 %: looks like a collective hang"
    )
    assert found.open


def test_idle_gpus_point_elsewhere() -> None:
    found = only(hanging(percent=0.0).findings(), "stalled")
    assert "waiting for files" in found.message
    assert "file system" in found.causes[0]


TRAINING = {
    "gpu.0.util": 97.0, "gpu.0.power_w": 400.0, "gpu.1.util": 98.0, "gpu.1.power_w": 390.0, "cpu.util": 30.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("meanwhile", "clue", "cause"),
    [
        (
            {"gpu.0.power_w": 130.0, "gpu.1.power_w": 125.0},
            "32 % of its usual power: looks like a coll",
            "NCCL",
        ),
        ({}, "100 % of its usual power: still at work, looks like an evaluation", "evaluation"),
        (
            {"gpu.0.util": 60.0, "gpu.1.util": 20.0},
            "GPU at 40 %: still at work, looks like an e",
            "checkpoint",
        ),
        (
            {"gpu.0.util": 0.0, "gpu.1.util": 1.0, "cpu.util": 95.0},
            "GPU at 0 %, CPU at 95 %: looks like waiting for the data loader",
            "data loader",
        ),
        ({"gpu.0.util": 0.0, "gpu.1.util": 0.0, "cpu.util": 3.0}, "for files or a dead rank", "file system"),
        ({"gpu.0.util": -1.0, "gpu.1.util": -1.0}, "(usual 4.0s)", "NCCL"),
    ],
    ids=["collective hang", "evaluation", "checkpoint", "data loader", "files", "no sensor"],
)
@pytest.mark.parametrize("together", [True, False], ids=["in one record", "each in its own"])
def test_what_the_sensors_read_tells_stalls_apart(
    meanwhile: dict[str, float], clue: str, cause: str, *, together: bool
) -> None:
    log = RunLog()
    moments: list[tuple[float, dict[str, float]]] = []
    for loss in falling(50).tolist():
        log.train({"loss": loss})
        moments.append((log.time + 1.0, TRAINING))
    moments += [(log.time + second, TRAINING | meanwhile) for second in range(10, 700, 10)]
    for at, readings in moments:
        for part in [readings] if together else [{tag: value} for tag, value in readings.items()]:
            log.sample(part, at=at)
    log.entries.sort(key=lambda entry: entry.time)
    found = only(log.findings(), "stalled")
    assert clue in found.message
    assert cause in found.causes[0]


def test_the_next_line_resolves_it() -> None:
    log = hanging()
    log.time += 1300
    log.train({"loss": 1.5})
    assert only(log.findings(), "stalled").state is FindingState.RESOLVED


def test_a_long_evaluation_is_no_stall_once_there_was_one() -> None:
    log = log_of("loss", falling(50))
    for second in range(10, 500, 10):
        log.sample({"gpu.0.util": 90.0}, at=log.time + second)
    log.evaluate({"eval_loss": 1.6}, seconds=500.0)
    for loss in falling(20).tolist():
        log.train({"loss": loss})
    for second in range(10, 1400, 10):
        log.sample({"gpu.0.util": 90.0}, at=log.time + second)
    assert "stalled" not in rules(log.findings())


def test_the_clock_finds_a_stall_too() -> None:
    log = log_of("loss", falling(50))
    engine = log.engine()
    engine.tick(log.time + 590)
    engine.tick(log.time + 700, running=False)
    assert not engine.findings
    engine.tick(log.time + 700)
    found = only(engine.findings, "stalled")
    assert found.time == log.time + 700
    engine.end(Status.DONE, log.time)
    assert not engine.findings[0].open


def test_a_finished_run_does_not_stall() -> None:
    log = hanging()
    assert log.findings(total_steps=500) == ()
    log = log_of("loss", falling(50))
    log.evaluate({"train_runtime": 200.0, "train_loss": 2.0})
    for second in range(10, 1200, 10):
        log.sample({"gpu.0.util": 0.0}, at=log.time + second)
    assert log.findings() == ()


def test_the_closing_mean_is_no_training_loss() -> None:
    log = log_of("loss", falling(50))
    log.evaluate({"train_runtime": 200.0, "train_loss": float("nan")})
    assert log.findings() == ()


def test_a_restart_is_no_stall_and_a_stall_no_usual_silence() -> None:
    log = log_of("loss", falling(50))
    log.time += 5000.0
    log.step -= 100
    for loss in level(20, 1.6).tolist():
        log.train({"loss": loss})
    for second in range(10, 700, 10):
        log.sample({"proc.alive": 1.0}, at=log.time + second)
    assert rules(log.findings()) == ["restart_detected", "stalled"]


def test_a_process_that_is_gone_has_crashed_and_not_stalled() -> None:
    log = log_of("loss", falling(50))
    for second in range(10, 1200, 10):
        log.sample({"proc.alive": 0.0}, at=log.time + second)
    found = log.findings(total_steps=1000)
    assert rules(found) == ["crashed"]
    assert found[0].time == log.time + 20
    assert found[0].message == "the process is gone at step 500 of 1000, and no end was logged"


def test_a_second_failure_is_told_like_the_first() -> None:
    log = log_of("loss", falling(50))
    engine = FindingEngine("run")
    reader = RowReader(engine.wanted)

    def read() -> None:
        engine.extend(reader.read(log.view()), log.view().attempts, None, {})

    read()
    engine.end(Status.FAILED, log.time)
    log.train({"loss": 1.5})
    log.sample({"proc.alive": 0.0}, at=log.time + 1.0)
    read()
    engine.end(Status.FAILED, log.time + 1.0)
    told = [finding.message for finding in engine.findings if finding.rule == "crashed"]
    assert told == ["the run failed at step 500", "the run failed at step 510"]


def test_a_process_may_go_when_the_run_is_done() -> None:
    log = log_of("loss", falling(50))
    for second in range(10, 100, 10):
        log.sample({"proc.alive": 0.0}, at=log.time + second)
    assert log.findings(total_steps=500) == ()


def test_a_silence_of_months_is_another_run_or_another_clock() -> None:
    engine = log_of("loss", falling(50)).engine()
    engine.tick(START + 100 * 86400.0)
    assert engine.findings == ()


def test_a_run_that_fails_before_its_first_line_says_so() -> None:
    engine = FindingEngine("run")
    engine.end(Status.FAILED, math.nan)
    assert only(engine.findings, "crashed").message == "the run failed before its first training line"


def test_a_failed_end_is_a_crash() -> None:
    engine = log_of("loss", falling(50)).engine()
    engine.end(Status.FAILED, math.nan)
    assert rules(engine.findings) == ["crashed"]
    engine = log_of("loss", falling(50)).engine()
    engine.end(Status.DONE, math.nan)
    assert engine.findings == ()


@pytest.mark.parametrize("steps", [(30, 10, 20), (30, 10, 20, 30, 40, 50)])
def test_a_step_that_falls_is_a_restart(steps: tuple[int, ...]) -> None:
    log = RunLog()
    for step in (10, 20, *steps):
        log.train({"loss": 2.0}, step=step)
    found = only(log.findings(), "restart_detected")
    assert found.severity is Severity.INFO
    assert (found.value, found.usual) == (10.0, 30.0)
    assert found.message == "resumed at step 10 (was 30): 20 steps are done again"
    assert found.accumulated_step == 31
    assert found.open == (len(steps) < 4)


def test_evaluations_on_another_scale_are_no_restarts() -> None:
    log = RunLog()
    for epoch in range(5):
        for _ in range(8):
            log.train({"loss": 2.0})
        log.entries.append(type(log.entries[0])(epoch, log.time, {"eval_loss": 2.0, "epoch/accuracy": 0.5}))
    assert log.findings() == ()


def test_several_writers_in_one_file_are_no_restarts() -> None:
    log = RunLog()
    for step in range(100):
        log.train({"loss": 2.0 + 1 / (step + 1)}, step=500 + step)
        log.train({"loss": 2.0 + 1 / (step + 1)}, step=step)
    assert log.view().interleaved
    assert "restart_detected" not in rules(log.findings())


def test_a_failure_is_told_in_the_run_s_own_words() -> None:
    engine = log_of("loss", falling(50)).engine()
    engine.end(Status.FAILED, math.nan, "ended by SIGINT")
    found = only(engine.findings, "crashed")
    assert found.message == "the run failed at step 500: ended by SIGINT"
    assert found.causes[0] == "somebody interrupted it, or a scheduler ended it"
    engine = log_of("loss", falling(50)).engine()
    engine.end(Status.FAILED, math.nan, "exit code 1\n" * 1000)
    told = only(engine.findings, "crashed")
    assert len(told.message) < 250
    assert told.causes[0] == "out of memory, on the GPU or on the host"
