from __future__ import annotations

import math

import pytest

from tests.analysis.findings.runs import RunLog, falling, log_of, only, rules
from tuimon.analysis.findings.engine import FindingEngine
from tuimon.analysis.findings.finding import Severity


def running(points: int = 60) -> RunLog:
    log = RunLog()
    for loss in falling(points).tolist():
        log.train({"loss": loss})
        log.sample(
            {"gpu.0.mem_used_gb": 78.4, "gpu.0.mem_total_gb": 80.0, "host.mem_used_pct": 96.0},
            at=log.time + 1.0,
        )
    return log


def heard(text: str, *, step: int | None = None, time: float = math.nan) -> FindingEngine:
    engine = running().engine()
    engine.tell(text, step, time)
    return engine


@pytest.mark.parametrize(
    "text",
    [
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
        "RuntimeError: CUDA error: out of memory",
        "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory",
        "CUDA driver error: CUDA_ERROR_OUT_OF_MEMORY",
    ],
)
def test_a_gpu_that_ran_out_of_memory_is_named_with_its_last_reading(text: str) -> None:
    found = only(heard(text).findings, "out_of_memory")
    assert found.severity is Severity.CRITICAL
    assert found.message.startswith("out of memory: ")
    assert found.message.endswith("GPU 0 was at 98 %")
    assert found.value == pytest.approx(98.0)


@pytest.mark.parametrize("text", ["slurmstepd: error: Detected 1 oom-kill event(s)", "MemoryError: "])
def test_a_host_that_ran_out_of_memory_is_told_apart(text: str) -> None:
    assert only(heard(text).findings, "out_of_memory").message.endswith("the host was at 96 %")


def test_any_other_failure_is_quoted_in_one_bounded_line() -> None:
    found = only(heard("ValueError: expected\n2\tnumbers " + 900 * "x").findings, "log_error")
    assert found.severity is Severity.WARNING
    assert found.message.startswith("the log says: ValueError: expected 2 numbers xxx")
    assert len(found.message) < 200


def test_a_collective_operation_that_timed_out_points_to_a_dead_rank() -> None:
    found = only(
        heard("Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7)").findings, "log_error"
    )
    assert "a rank that died" in found.causes[0]


def test_it_is_told_with_the_step_and_time_of_the_log() -> None:
    found = only(heard("ValueError: no", step=310, time=1.8e9).findings, "log_error")
    assert (found.step, found.time) == (310, 1.8e9)
    untimed = only(heard("ValueError: no").findings, "log_error")
    assert untimed.step == 600
    assert math.isfinite(untimed.time)


def test_the_same_error_again_is_one_finding_and_a_run_that_goes_on_resolves_it() -> None:
    engine = heard("ValueError: no")
    engine.tell("KeyError: no", None, math.nan)
    assert only(engine.findings, "log_error").count == 2
    log = running()
    for loss in falling(60).tolist():
        log.train({"loss": loss})
    rows, first = log.rows(), len(running().rows())
    engine.extend(rows.part(first, len(rows)))
    assert not only(engine.findings, "log_error").open


def test_a_person_who_stops_the_run_is_no_error() -> None:
    assert heard("KeyboardInterrupt").findings == ()


def test_an_empty_word_is_none() -> None:
    assert heard("").findings == ()
    engine = FindingEngine("run")
    engine.tell("ValueError: before anything was logged", None, math.nan)
    assert rules(engine.findings) == ["log_error"]
    assert log_of("loss", falling(50)).findings() == ()
