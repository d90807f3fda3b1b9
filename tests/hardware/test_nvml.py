"""The real pynvml against a driver library that the tests compile; see tests/nvml.py."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.hardware.gpu_watcher import WatchGpus
from tests.nvml import Standin, build_standin
from tuimon.core.hardware import GpuProcess, GpuSample, HardwareSample
from tuimon.hardware.nvml import NvmlProbe

GIB = 2**30
needs_compiler = pytest.mark.compiler


def whole(sample: HardwareSample) -> dict[int, GpuSample]:
    return {gpu.index: gpu for gpu in sample.gpus if gpu.mig_parent is None}


@needs_compiler
def test_eight_gpus_with_one_lost_one_split_and_one_without_a_power_sensor(
    standin: Standin, watch_gpus: WatchGpus
) -> None:
    faults = (
        "gpu 2 throttle 0x60",
        "gpu 5 mig 2",
        f"gpu 5 instance 1 {os.getpid()} 77",
        "gpu 6 without power",
    )
    standin.control(*faults)
    watcher = watch_gpus(standin.environment())

    healthy = watcher.sample(1000.0)
    assert healthy.problems == ()
    assert [(gpu.index, gpu.mig_parent) for gpu in healthy.gpus] == [
        *((index, None) for index in range(6)), (0, 5), (1, 5), (6, None), (7, None)
    ]  # fmt: skip
    gpus = whole(healthy)
    assert gpus[0] == GpuSample(
        index=0,
        uuid="GPU-00000000-0000-0000-0000-000000000000",
        name="Stand-in H100 80GB",
        utilisation_pct=90,
        memory_used_bytes=40 * GIB,
        memory_total_bytes=80 * GIB,
        temperature_c=60,
        power_w=600.0,
        power_limit_w=700.0,
        sm_clock_mhz=1980,
        throttle_reasons=0,
        fan_pct=40,
    )
    assert gpus[2].throttle_reasons == 0x60
    assert (gpus[5].mig, gpus[5].utilisation_pct, gpus[5].temperature_c) == (True, None, 65)
    assert (gpus[6].power_w, gpus[6].power_limit_w, gpus[6].utilisation_pct) == (None, 700.0, 96)
    instance = healthy.gpus[7]
    assert (instance.memory_used_bytes, instance.memory_total_bytes) == (2 * GIB, 10 * GIB)
    assert (instance.utilisation_pct, instance.power_w, instance.mig) == (None, None, False)
    assert instance.uuid is not None
    assert instance.uuid.startswith("MIG-")
    assert [process.pid for process in instance.processes] == [os.getpid()]

    standin.control(*faults, "gpu 3 lost", "gpu 7 utilisation 12")
    damaged = watcher.sample(1001.0)
    gpus = whole(damaged)
    assert gpus[3] == GpuSample(index=3, uuid=gpus[3].uuid, name="Stand-in H100 80GB", lost=True)
    assert gpus[3].uuid == "GPU-00000000-0000-0000-0000-000000000003"
    assert [index for index, gpu in gpus.items() if gpu.lost] == [3]
    assert gpus[7].utilisation_pct == 12
    (problem,) = damaged.problems
    assert problem.startswith("GPU 3 (Stand-in H100 80GB) no longer answers")

    asked = standin.calls(gpu=3)
    assert watcher.sample(1002.0) == HardwareSample(1002.0, damaged.gpus, None, damaged.problems)
    assert standin.calls(gpu=3) == asked, "a lost GPU is left alone"
    assert standin.calls(gpu=6)["nvmlDeviceGetPowerUsage"] == 1, "a sensor that is not there is asked once"
    assert standin.calls(gpu=0)["nvmlDeviceGetPowerUsage"] == 3
    assert standin.calls()["nvmlInitWithFlags"] == 1
    assert standin.calls(gpu=0)["nvmlDeviceGetHandleByIndex_v2"] == 1

    assert whole(watcher.sample(1062.0))[3].lost, "asked again, and still lost"
    assert standin.calls(gpu=3) != asked
    standin.control(*faults)
    assert whole(watcher.sample(1100.0))[3].lost
    recovered = watcher.sample(1122.0)
    assert whole(recovered)[3].utilisation_pct == 93
    assert recovered.problems == ()


@needs_compiler
def test_processes_are_listed_rarely_named_and_merged(standin: Standin, watch_gpus: WatchGpus) -> None:
    absent = 2**31 - 1
    standin.control(
        "gpus 1",
        f"gpu 0 process {absent} -1",
        f"gpu 0 graphics {absent} 7",
        f"gpu 0 process {os.getpid()} {3 * GIB}",
        f"gpu 0 graphics {os.getpid()} {3 * GIB}",
        "gpu 0 process 1 -1",
    )
    watcher = watch_gpus(standin.environment())
    listed = watcher.sample(1000.0).gpus[0].processes
    assert [(process.pid, process.memory_bytes) for process in listed] == [
        (os.getpid(), 3 * GIB), (absent, 7), (1, None)
    ]  # fmt: skip
    assert listed[1] == GpuProcess(absent, None, 7)
    assert listed[0].name is not None
    assert "py" in listed[0].name

    standin.control("gpus 1")
    assert watcher.sample(1004.9).gpus[0].processes == listed
    assert watcher.sample(1005.0).gpus[0].processes == ()
    assert standin.calls(gpu=0)["nvmlDeviceGetGraphicsRunningProcesses"] == 3, "twice with a size, once empty"

    standin.control("gpus 1", f"gpu 0 process {os.getpid()} 1")
    assert watcher.sample(900.0).gpus[0].processes, "a clock that was set back does not stop the refresh"


@needs_compiler
def test_sensors_that_fail_are_none_and_others_go_on(standin: Standin, watch_gpus: WatchGpus) -> None:
    standin.control(
        "gpus 4",
        "gpu 0 fails processes 4",
        "gpu 0 fails sm_clock 999",
        "gpu 0 without fan",
        "gpu 0 power 4294967295",
        "gpu 1 fails open 8",
        "gpu 2 fails memory_v2 25",
        "gpu 3 fails memory 16",
    )
    watcher = watch_gpus(standin.environment())
    watcher.sample(1000.0)
    sample = watcher.sample(1001.0)
    first, second, third, fourth = sample.gpus
    assert (first.sm_clock_mhz, first.fan_pct, first.power_w, first.processes) == (None, None, None, ())
    assert first.utilisation_pct == 90
    assert second == GpuSample(index=1)
    assert (fourth.lost, fourth.name, fourth.utilisation_pct) == (True, "Stand-in H100 80GB", None)
    assert sample.problems == (
        "GPU 1 cannot be read: Insufficient External Power; see `nvidia-smi -q`",
        "GPU 3 (Stand-in H100 80GB) must be reset; end what runs on it, then `nvidia-smi --gpu-reset`",
    )
    assert third.memory_used_bytes == 43 * GIB, "version 1 counts the driver's reserve as used"
    assert standin.calls(gpu=0)["nvmlDeviceGetClockInfo"] == 2, "an error that may pass is asked again"
    assert standin.calls(gpu=0)["nvmlDeviceGetFanSpeed"] == 1

    standin.control("gpus 4")
    recovered = watcher.sample(1061.0)
    assert recovered.gpus[0].sm_clock_mhz == 1980
    assert recovered.gpus[1].utilisation_pct == 91
    assert recovered.problems == ()


@needs_compiler
def test_names_cannot_drive_the_terminal(standin: Standin, watch_gpus: WatchGpus) -> None:
    standin.control("gpus 2", "gpu 0 name Evil\x1b[2J\x07 GPU", "gpu 1 name \xff\xfe not text")
    hostile, undecodable = watch_gpus(standin.environment()).sample(1000.0).gpus
    assert hostile.name is not None
    assert hostile.name.isprintable()
    assert hostile.name.startswith("Evil")
    assert (undecodable.name, undecodable.utilisation_pct) == (None, 91)


@needs_compiler
def test_mig_mode_is_followed_as_it_changes(standin: Standin, watch_gpus: WatchGpus) -> None:
    watcher = watch_gpus(standin.environment())
    standin.control("gpus 1", f"gpu 0 process {os.getpid()} 1")
    assert [gpu.utilisation_pct for gpu in watcher.sample(1000.0).gpus] == [90]
    standin.control("gpus 1", f"gpu 0 process {os.getpid()} 1", "gpu 0 mig 3")
    split = watcher.sample(1005.0).gpus
    assert [(gpu.index, gpu.mig_parent, gpu.mig) for gpu in split] == [
        (0, None, True), (0, 0, False), (1, 0, False), (2, 0, False)
    ]  # fmt: skip
    assert split[0].processes == ()
    standin.control("gpus 1")
    (rejoined,) = watcher.sample(1010.0).gpus
    assert (rejoined.mig, rejoined.utilisation_pct) == (False, 90), "a forgotten sensor is found again"


@needs_compiler
def test_an_old_driver_is_asked_with_its_own_calls(tmp_path: Path, watch_gpus: WatchGpus) -> None:
    standin = build_standin(tmp_path, old_driver=True)
    standin.control("gpus 1", f"gpu 0 process {os.getpid()} 5", "gpu 0 throttle 0x20")
    (gpu,) = watch_gpus(standin.environment()).sample(1000.0).gpus
    assert (gpu.memory_used_bytes, gpu.temperature_c, gpu.throttle_reasons) == (41 * GIB, 60, 0x20)
    assert [process.memory_bytes for process in gpu.processes] == [5]


@needs_compiler
def test_a_restarted_driver_is_started_again_within_one_sample(
    standin: Standin, watch_gpus: WatchGpus
) -> None:
    watcher = watch_gpus(standin.environment())
    assert len(watcher.sample(1000.0).gpus) == 8
    standin.control("session 1", "gpus 4")
    again = watcher.sample(1060.0)
    assert (len(again.gpus), again.problems) == (4, ())

    standin.control("session 2")
    too_soon = watcher.sample(1061.0)
    assert too_soon.gpus == ()
    assert "restarted" in too_soon.problems[0]
    asked = standin.calls()
    assert watcher.sample(1062.0).problems == too_soon.problems
    assert standin.calls() == asked, "a driver that is gone is left alone"
    assert len(watcher.sample(1120.0).gpus) == 8
    assert standin.calls()["nvmlInitWithFlags"] == 3


@needs_compiler
@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("init 9", "the NVIDIA driver is not loaded"),
        ("init 18", "differ in version"),
        ("init 4", "refuses this user"),
        ("init 999", "NVML failed: Unknown Error"),
        ("gpus 0", "reports none"),
    ],
)
def test_a_driver_that_does_not_start_gives_one_reason_and_is_tried_rarely(
    standin: Standin, watch_gpus: WatchGpus, setting: str, reason: str
) -> None:
    standin.control(setting)
    watcher = watch_gpus(standin.environment())
    for now in (1000.0, 1001.0, 1059.9):
        sample = watcher.sample(now)
        assert sample.gpus == ()
        (problem,) = sample.problems
        assert problem.startswith("No GPU is shown: ")
        assert reason in problem
    assert standin.calls()["nvmlInitWithFlags"] == 1
    standin.control()
    assert len(watcher.sample(1060.0).gpus) == 8


def test_without_a_library_there_is_one_reason(tmp_path: Path, watch_gpus: WatchGpus) -> None:
    if ctypes.util.find_library("nvidia-ml") is not None:
        pytest.skip("this machine has an NVIDIA driver, which cannot be hidden from the loader")
    watcher = watch_gpus(os.environ | {"LD_LIBRARY_PATH": str(tmp_path)})
    sample = watcher.sample(1000.0)
    assert sample.gpus == ()
    (problem,) = sample.problems
    assert "libnvidia-ml.so.1 was not found" in problem
    assert watcher.sample(1001.0).problems == sample.problems


@needs_compiler
def test_a_library_that_comes_later_is_found(tmp_path: Path, watch_gpus: WatchGpus) -> None:
    library = tmp_path / "libnvidia-ml.so.1"
    library.write_bytes(b"no library at all")
    standin = Standin(tmp_path)
    watcher = watch_gpus(standin.environment())
    assert "libnvidia-ml.so.1 was not found" in watcher.sample(1000.0).problems[0]
    library.unlink()
    built = tmp_path / "built"
    built.mkdir()
    build_standin(built)
    shutil.move(built / library.name, library)
    assert watcher.sample(1059.0).gpus == ()
    assert len(watcher.sample(1060.0).gpus) == 8


def test_without_pynvml_there_is_one_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    probe = NvmlProbe()
    probe.close()
    sample = probe.sample(1000.0)
    assert sample.gpus == ()
    (problem,) = sample.problems
    assert "install nvidia-ml-py" in problem
