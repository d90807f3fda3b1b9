from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from tests.analysis.findings.runs import RunLog, falling, only, rules
from tuimon.analysis.findings.finding import Finding, Severity

Reading = Callable[[int], Mapping[str, float]]


def observed(reading: Reading, *, points: int = 300, metrics: Mapping[str, float] | None = None) -> RunLog:
    """A healthy run with one reading of the sensors per training line."""
    log = RunLog()
    for at, loss in enumerate(falling(points).tolist()):
        log.train({"loss": loss, **(metrics or {})})
        log.sample(reading(at), at=log.time + 1.0)
    return log


def findings(reading: Reading, *, points: int = 300) -> tuple[Finding, ...]:
    return observed(reading, points=points).findings(total_steps=100_000)


def jitter(at: int, scale: float = 1.0) -> float:
    return scale * float(np.random.default_rng(at).standard_normal())


def test_one_gpu_that_falls_behind_is_named() -> None:
    found = only(
        findings(
            lambda at: {f"gpu.{n}.util": 92.0 - 40.0 * (n == 2 and at > 120) + jitter(at) for n in range(4)}
        ),
        "gpu_imbalance",
    )
    assert found.series == "gpu.2.util"
    assert found.message.startswith("GPU 2 is busy 6")
    assert found.step is not None
    assert 1200 < found.step < 1600


def test_that_it_fell_behind_just_now_is_no_sign_of_chance() -> None:
    found = only(
        findings(
            lambda at: {
                f"gpu.{n}.util": 90.0 - 45.0 * (n == 1 and at > 120) + jitter(at, 8.0) for n in (0, 1)
            }
        ),
        "gpu_imbalance",
    )
    # The mean over 40 readings is 22 points below after 20 of them.
    assert found.step is not None
    assert 1380 < found.step < 1500


def test_of_two_gpus_the_idle_one_is_held_against_the_other() -> None:
    found = findings(lambda at: {f"gpu.{n}.util": 92.0 - 36.0 * (n == 1) + jitter(at) for n in range(2)})
    assert only(found, "gpu_imbalance").series == "gpu.1.util"


@pytest.mark.parametrize("seed", range(6))
def test_gpus_that_are_busy_by_turns_differ_by_chance(seed: int) -> None:
    busy = np.random.default_rng(seed).random((300, 2)) < 0.6

    def reading(at: int) -> dict[str, float]:
        return {f"gpu.{n}.util": 95.0 if busy[at, n] else 25.0 for n in range(2)}

    assert "gpu_imbalance" not in rules(findings(reading))


def test_pipeline_stages_may_differ_and_one_gpu_has_no_others() -> None:
    assert findings(lambda at: {f"gpu.{n}.util": 95.0 - 6.0 * n + jitter(at) for n in range(3)}) == ()
    assert findings(lambda at: {"gpu.0.util": 70.0 + jitter(at)}) == ()


def test_a_leak_says_when_memory_is_full() -> None:
    def leaking(at: int) -> dict[str, float]:
        used = 40.0 + max(0.0, at - 100) * 0.15
        return {
            "gpu.1.mem_used_gb": used,
            "gpu.1.mem_total_gb": 80.0,
            "gpu.0.mem_used_gb": 40.0,
            "gpu.0.mem_total_gb": 80.0,
        }

    found = only(findings(leaking, points=200), "gpu_memory_leak")
    assert found.series == "gpu.1.mem_used_gb"
    assert found.message.startswith("memory of GPU 1 grew from ")
    assert ", full in about " in found.message
    assert found.open


def test_a_leak_that_ends_is_resolved() -> None:
    used = np.concatenate([np.full(60, 40.0), np.linspace(40.0, 60.0, 80), np.full(60, 60.0)])
    found = findings(
        lambda at: {"gpu.0.mem_used_gb": float(used[at]), "gpu.0.mem_total_gb": 80.0}, points=200
    )
    assert not only(found, "gpu_memory_leak").open


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        ("nearly full and steady", lambda at: 95.5 + jitter(at, 0.05)),
        ("warm-up", lambda at: 60.0 + 30.0 * (1.0 - np.exp(-at / 25.0))),
        ("lengths that vary", lambda at: 70.0 + jitter(at, 3.0)),
    ],
)
def test_memory_that_is_no_leak(name: str, percent: Callable[[int], float]) -> None:
    assert findings(lambda at: {"gpu.0.mem_pct": float(percent(at))}) == (), name


def test_full_memory_that_still_rises_is_pressure() -> None:
    found = findings(lambda at: {"gpu.0.mem_used_gb": 77.5 + at * 0.008, "gpu.0.mem_total_gb": 80.0})
    pressure = only(found, "gpu_memory_pressure")
    assert pressure.severity is Severity.INFO
    assert "still rising" in pressure.message


def test_a_gpu_of_which_nothing_is_known_hides_no_other() -> None:
    def reading(at: int) -> dict[str, float]:
        return {f"gpu.{n}.util": -1.0 if n == 3 else 92.0 - 40.0 * (n == 2) + jitter(at) for n in range(4)}

    assert only(findings(reading), "gpu_imbalance").series == "gpu.2.util"


def test_gpus_that_come_later_are_held_against_the_others_too() -> None:
    def reading(at: int) -> dict[str, float]:
        return {f"gpu.{n}.util": 92.0 - 40.0 * (n == 2) + jitter(at) for n in range(2 + (at > 100))}

    found = only(findings(reading), "gpu_imbalance")
    assert found.series == "gpu.2.util"
    assert found.step is not None
    assert 1250 < found.step < 1400


def test_the_drivers_word_for_heat_is_enough() -> None:
    found = only(
        findings(
            lambda at: {
                "gpu.0.throttle": 64.0 * (at > 150),
                "gpu.0.temp_c": 90.0,
                "gpu.0.sm_clock_mhz": 1400.0,
            }
        ),
        "thermal_throttle",
    )
    assert found.series == "gpu.0.temp_c"
    assert found.step is not None
    assert 1500 < found.step < 1600
    assert found.message == "GPU 0 is throttled by heat: at 90 C, 1400 MHz (usual 1400 MHz)"


def test_heat_and_a_low_clock_are_enough_and_end_together() -> None:
    def hot(at: int) -> dict[str, float]:
        on = 100 < at < 160
        return {
            "gpu.0.temp_c": 88.0 if on else 75.0,
            "gpu.0.sm_clock_mhz": 1100.0 if on else 1700.0,
            "gpu.0.util": 95.0,
        }

    found = only(findings(hot), "thermal_throttle")
    assert found.value == 1100.0
    assert found.usual == 1700.0
    assert not found.open


@pytest.mark.parametrize(
    ("name", "temperature", "clock", "bits"),
    [
        ("hot at full clock", 86.0, 1700.0, 0.0),
        ("power cap", 70.0, 1300.0, 4.0),
        ("idle clock", 60.0, 300.0, 1.0),
    ],
)
def test_what_is_no_thermal_throttling(name: str, temperature: float, clock: float, bits: float) -> None:
    def reading(at: int) -> dict[str, float]:
        slow = at > 150
        return {
            "gpu.0.temp_c": temperature,
            "gpu.0.sm_clock_mhz": clock if slow else 1700.0,
            "gpu.0.throttle": bits * slow,
            "gpu.0.util": 95.0,
        }

    assert findings(reading) == (), name


def test_heat_now_and_then_does_not_add_up() -> None:
    assert findings(lambda at: {"gpu.0.throttle": 64.0 * (at % 20 < 3), "gpu.0.temp_c": 70.0}) == ()


def test_heat_in_every_other_reading_is_not_enough() -> None:
    assert findings(lambda at: {"gpu.0.throttle": 64.0 * (at % 2), "gpu.0.temp_c": 84.0}) == ()


def test_gpus_that_wait_for_busy_cpus_are_named_once() -> None:
    def starving(at: int) -> dict[str, float]:
        return {"gpu.0.util": 30.0 + jitter(at) if at > 100 else 92.0, "cpu.util": 97.0}

    found = findings(starving)
    assert rules(found) == ["dataloader_bottleneck"]
    assert "while the CPU is at 97 %" in found[0].message


def test_idle_gpus_beside_an_idle_cpu_are_another_finding() -> None:
    found = findings(lambda at: {"gpu.0.util": 30.0 + jitter(at), "cpu.util": 50.0})
    assert rules(found) == ["gpu_underutilised"]


def test_a_busy_cpu_alone_is_no_bottleneck() -> None:
    assert findings(lambda at: {"gpu.0.util": 92.0 + jitter(at), "cpu.util": 99.0}) == ()


def test_a_logged_loading_time_is_believed() -> None:
    log = observed(lambda _: {}, points=60, metrics={"train/data_time": 0.4, "train/step_time": 1.0})
    found = only(log.findings(total_steps=10_000), "dataloader_bottleneck")
    assert found.message.startswith("loading takes 40 % of the step time")
    log = observed(lambda _: {}, points=60, metrics={"train/data_time": 0.1, "train/step_time": 1.0})
    assert log.findings(total_steps=10_000) == ()


def test_a_full_disk_is_a_warning_and_then_critical() -> None:
    found = findings(lambda at: {"disk.used_pct": 80.0 + min(19.0, 0.2 * max(0, at - 100))})
    assert rules(found) == ["disk_full", "disk_full"]
    assert [one.severity for one in found] == [Severity.WARNING, Severity.CRITICAL]
    assert [one.open for one in found] == [False, True]
    assert ", full in about " in found[0].message


def test_a_disk_that_begins_to_fill_is_told_long_before_and_until_it_stands_still() -> None:
    log = observed(lambda at: {"disk.used_pct": 50.0 + 0.25 * min(max(0, at - 150), 80)})
    found = only(log.findings(total_steps=6000), "disk_full")
    assert found.severity is Severity.WARNING
    assert found.value is not None
    assert found.value < 65.0
    assert not found.open


def test_a_disk_that_is_full_only_after_the_end_of_the_run_is_no_finding() -> None:
    log = observed(lambda at: {"disk.used_pct": 50.0 + 0.25 * max(0, at - 200)})
    assert log.findings(total_steps=3000) == ()


def test_a_disk_that_is_emptied_is_fine_again() -> None:
    found = only(findings(lambda at: {"disk.used_pct": 96.0 if at < 100 else 60.0}), "disk_full")
    assert not found.open


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        ("steady", lambda _: 91.0),
        ("growing with room", lambda at: 40.0 + at * 0.1),
        ("checkpoints that come and go", lambda at: 76.0 + at % 40 * 0.25),
    ],
)
def test_disks_with_room_are_no_finding(name: str, percent: Callable[[int], float]) -> None:
    assert findings(lambda at: {"disk.used_pct": percent(at)}) == (), name


def test_a_process_that_grows_is_a_leak_and_page_cache_is_not() -> None:
    def host(at: int, process: float, cache: float) -> dict[str, float]:
        return {"host.rss_gb": 12.0 + at * process, "host.mem_used_pct": 15.0 + at * (process / 1.28 + cache)}

    found = only(findings(lambda at: host(at, 0.2, 0.0)), "host_memory_leak")
    assert found.series == "host.rss_gb"
    assert ", full in about " in found.message
    assert findings(lambda at: host(at, 0.0, 0.2)) == ()


def test_attempts_that_need_more_and_more_memory_are_no_leak() -> None:
    log = RunLog()
    for attempt in range(8):
        log.step = 1000 - 50 * attempt
        for at in range(16):
            log.train({"loss": 3.0 - at / 100})
            used = 40.0 + 4.0 * attempt
            memory = {"gpu.0.mem_used_gb": used, "gpu.0.mem_total_gb": 80.0, "host.rss_gb": used}
            log.sample({**memory, "host.mem_used_pct": used}, at=log.time + 1.0)
    assert set(rules(log.findings(total_steps=100_000))) == {"restart_detected"}
