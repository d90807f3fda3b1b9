"""The NVIDIA GPUs of this machine, through NVML (`pynvml`, from the package nvidia-ml-py)."""

from __future__ import annotations

import contextlib
from types import ModuleType
from typing import Any

from tuimon.core.hardware import HardwareSample
from tuimon.core.text import clean
from tuimon.hardware.base import is_due
from tuimon.hardware.nvml_device import (
    DRIVER_NOT_LOADED,
    LIBRARY_NOT_FOUND,
    NO_PERMISSION,
    UNINITIALIZED,
    VERSION_MISMATCH,
)
from tuimon.hardware.nvml_gpu import NvmlGpu

_REASONS = {
    UNINITIALIZED: "the driver was restarted; it is asked again within a minute",
    NO_PERMISSION: "the driver refuses this user; get access to /dev/nvidia* (container, job limits)",
    DRIVER_NOT_LOADED: "the NVIDIA driver is not loaded; run `nvidia-smi` to see why",
    LIBRARY_NOT_FOUND: (
        "libnvidia-ml.so.1 was not found; where there is a GPU, install the NVIDIA driver or give the "
        "container its GPUs"
    ),
    VERSION_MISMATCH: (
        "driver and libnvidia-ml.so.1 differ in version, as after an upgrade; reboot or reload the driver, "
        "then start tuimon again"
    ),
}


class NvmlProbe:
    """Reads every GPU, with one `nvmlInit` and one handle per GPU for as long as the driver lasts.

    `pynvml` is imported and the driver library loaded on the first sample. A driver call that hangs, as
    one on a broken GPU can, holds up the thread that samples, so that is a thread of its own.

    Args:
        refresh_s: Seconds between two readings of what is slow: processes, power limits, MIG instances.
        retry_s: Least seconds between two starts of NVML, and until a lost GPU is asked again. A driver
            that was restarted after that time is started again within the same sample.
    """

    def __init__(self, *, refresh_s: float = 5.0, retry_s: float = 60.0) -> None:
        self._refresh_s = refresh_s
        self._retry_s = retry_s
        self._nvml: ModuleType | None = None
        self._gpus: tuple[NvmlGpu, ...] = ()
        self._problem = ""
        self._started_at: float | None = None

    def sample(self, now: float) -> HardwareSample:
        """Read all GPUs; none, and one problem that says why, where there is no driver. Never raises."""
        sample = self._read(now)
        if sample is None and is_due(self._started_at, now, self._retry_s):
            self._start(now)
            sample = self._read(now)
        return sample or HardwareSample(now, problems=(self._problem,))

    def close(self) -> None:
        """Shut NVML down, if it was started."""
        if self._nvml is not None:
            self._shut_down(self._nvml)

    def _start(self, now: float) -> None:
        self._started_at = now
        try:
            import pynvml  # noqa: PLC0415 - loaded when the first sample needs it, and only then
        except ImportError as error:
            self._problem = clean(f"No GPU is shown: {error}; install nvidia-ml-py again")
            return
        try:
            pynvml.nvmlInit()
            count = pynvml.nvmlDeviceGetCount()
        except pynvml.NVMLError as error:
            self._shut_down(pynvml)
            self._problem = _explain(error)
            return
        if count == 0:
            self._shut_down(pynvml)
            self._problem = "No GPU is shown: the NVIDIA driver reports none; see `nvidia-smi -L`"
            return
        self._nvml = pynvml
        self._gpus = tuple(
            NvmlGpu(pynvml, index, refresh_s=self._refresh_s, retry_s=self._retry_s) for index in range(count)
        )

    def _read(self, now: float) -> HardwareSample | None:
        if self._nvml is None:
            return None
        try:
            samples = tuple(sample for gpu in self._gpus for sample in gpu.sample(now))
        except self._nvml.NVMLError as error:
            self._problem = _explain(error)
            self._shut_down(self._nvml)
            return None
        problems = tuple(gpu.problem for gpu in self._gpus if gpu.problem is not None)
        return HardwareSample(now, samples, problems=problems)

    def _shut_down(self, nvml: ModuleType) -> None:
        # A library that never started, or has stopped by itself, says so; that is where we want it.
        with contextlib.suppress(nvml.NVMLError):
            nvml.nvmlShutdown()
        self._nvml = None
        self._gpus = ()


def _explain(error: Any) -> str:  # noqa: ANN401 - pynvml is untyped
    return clean(f"No GPU is shown: {_REASONS.get(error.value, f'NVML failed: {error}')}")
