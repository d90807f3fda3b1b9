"""One GPU of this machine, through losses and recoveries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from tuimon.core.hardware import GpuProcess, GpuSample
from tuimon.core.text import clean
from tuimon.hardware.base import is_due
from tuimon.hardware.nvml_device import (
    GPU_ERRORS,
    GPU_IS_LOST,
    LIBRARY_ERRORS,
    RESET_REQUIRED,
    NvmlDevice,
)

_FAILURES = {
    GPU_IS_LOST: "no longer answers the driver; look for Xid in `dmesg`, then reset it or reboot",
    RESET_REQUIRED: "must be reset; end what runs on it, then `nvidia-smi --gpu-reset`",
}


@dataclass(slots=True)
class _SlowSensors:
    """What changes seldom or costs much, and is kept from one refresh to the next."""

    mig: bool = False
    power_limit_w: float | None = None
    processes: tuple[GpuProcess, ...] = ()
    instances: tuple[tuple[NvmlDevice, GpuSample], ...] = ()


class NvmlGpu:
    """One GPU by its NVML index. Its handle and identity are kept; a GPU that fails is asked again rarely.

    Args:
        nvml: The imported and initialised `pynvml`.
        index: NVML's number of the GPU.
        refresh_s: Seconds between two readings of processes, power limit and MIG instances.
        retry_s: Seconds until a GPU that failed is asked again.
    """

    def __init__(self, nvml: ModuleType, index: int, *, refresh_s: float, retry_s: float) -> None:
        self.problem: str | None = None
        self._nvml = nvml
        self._known = GpuSample(index)
        self._device: NvmlDevice | None = None
        self._slow = _SlowSensors()
        self._refresh_s = refresh_s
        self._retry_s = retry_s
        self._refreshed_at: float | None = None
        self._failed_at: float | None = None

    def sample(self, now: float) -> tuple[GpuSample, ...]:
        """Return the GPU and, in MIG mode, its instances behind it; `problem` says what is wrong with it.

        Raises:
            pynvml.NVMLError: Only when the library as a whole no longer answers.
        """
        if self._failed_at is not None and not is_due(self._failed_at, now, self._retry_s):
            return (self._known,)
        try:
            device = self._device or self._open()
            if is_due(self._refreshed_at, now, self._refresh_s):
                device = self._refresh(device)
                self._refreshed_at = now
            samples = (self._read(device), *self._read_instances())
        except self._nvml.NVMLError as error:
            if error.value in LIBRARY_ERRORS:
                raise
            self._fail(error, now)
            return (self._known,)
        self._failed_at = self.problem = None
        return samples

    def _open(self) -> NvmlDevice:
        device = NvmlDevice(self._nvml, self._nvml.nvmlDeviceGetHandleByIndex(self._known.index))
        self._known = GpuSample(self._known.index, device.text("uuid"), device.text("name"))
        self._device = device
        return device

    def _fail(self, error: Any, now: float) -> None:  # noqa: ANN401 - pynvml is untyped
        self._failed_at = now
        self._device = self._refreshed_at = None
        self._known = replace(self._known, lost=error.value in GPU_ERRORS)
        fact = _FAILURES.get(error.value, f"cannot be read: {error}; see `nvidia-smi -q`")
        name = f" ({self._known.name})" if self._known.name else ""
        self.problem = clean(f"GPU {self._known.index}{name} {fact}")

    def _refresh(self, device: NvmlDevice) -> NvmlDevice:
        split = device.is_split()
        if self._slow.mig and not split:
            # A whole GPU again: sensors that were forgotten in MIG mode are back.
            self._device = device = self._open()
        self._slow = _SlowSensors(
            mig=split,
            power_limit_w=device.watts("power_limit"),
            # Over all instances NVML lists processes for administrators only; each lists its own.
            processes=() if split else device.processes(),
            instances=self._identify(device.mig_instances()) if split else (),
        )
        return device

    def _identify(self, instances: dict[int, NvmlDevice]) -> tuple[tuple[NvmlDevice, GpuSample], ...]:
        return tuple(
            (
                instance,
                GpuSample(
                    index=number,
                    uuid=instance.text("uuid"),
                    name=instance.text("name"),
                    processes=instance.processes(),
                    mig_parent=self._known.index,
                ),
            )
            for number, instance in instances.items()
        )

    def _read(self, device: NvmlDevice) -> GpuSample:
        used_bytes, total_bytes = device.memory_bytes()
        return replace(
            self._known,
            utilisation_pct=device.utilisation_pct(),
            memory_used_bytes=used_bytes,
            memory_total_bytes=total_bytes,
            temperature_c=device.number("temperature"),
            power_w=device.watts("power"),
            power_limit_w=self._slow.power_limit_w,
            sm_clock_mhz=device.number("sm_clock"),
            throttle_reasons=device.number("throttle"),
            fan_pct=device.number("fan"),
            processes=self._slow.processes,
            mig=self._slow.mig,
        )

    def _read_instances(self) -> list[GpuSample]:
        samples = []
        for device, identity in self._slow.instances:
            used_bytes, total_bytes = device.memory_bytes()
            samples.append(replace(identity, memory_used_bytes=used_bytes, memory_total_bytes=total_bytes))
        return samples
