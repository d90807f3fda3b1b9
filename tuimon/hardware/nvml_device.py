"""One NVML device, a whole GPU or a MIG instance, asked sensor by sensor with a fallback for each.

Which calls a device answers depends on its model, the driver, the version of pynvml, MIG mode and the
user's rights. So every sensor has its calls in order of preference; one that is not there is forgotten
and never asked again.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tuimon.core.hardware import GpuProcess
from tuimon.core.text import clean
from tuimon.hardware.process import process_name

# nvmlReturn_t in nvml.h; the numbers are part of NVML's binary interface.
UNINITIALIZED = 1
_INVALID_ARGUMENT = 2
_NOT_SUPPORTED = 3
NO_PERMISSION = 4
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
_FUNCTION_NOT_FOUND = 13
GPU_IS_LOST = 15
RESET_REQUIRED = 16
VERSION_MISMATCH = 18
_ARGUMENT_VERSION_MISMATCH = 25
_DEPRECATED = 26
_GPU_NOT_FOUND = 28

# After these the whole library no longer answers; after those, one GPU.
LIBRARY_ERRORS = frozenset({UNINITIALIZED, DRIVER_NOT_LOADED, VERSION_MISMATCH})
GPU_ERRORS = frozenset({GPU_IS_LOST, RESET_REQUIRED, _GPU_NOT_FOUND})
_NEVER_ANSWERED = frozenset(
    {_INVALID_ARGUMENT, _NOT_SUPPORTED, _FUNCTION_NOT_FOUND, _ARGUMENT_VERSION_MISMATCH, _DEPRECATED}
)

# Arguments from nvml.h: the version word of nvmlMemory_v2_t, the die's sensor, the SM clock.
_MEMORY_V2 = 0x02000028
_DIE = 0
_SM_CLOCK = 1
# Memory v2 tells what the driver reserves apart from what is used, as nvidia-smi does; v1 adds them up.
# Names without a version number raise in a way of their own where the library is older than pynvml.
_CALLS: dict[str, tuple[tuple[str, tuple[int, ...]], ...]] = {
    "uuid": (("nvmlDeviceGetUUID", ()),),
    "name": (("nvmlDeviceGetName", ()),),
    "utilisation": (("nvmlDeviceGetUtilizationRates", ()),),
    "memory": (("nvmlDeviceGetMemoryInfo", (_MEMORY_V2,)), ("nvmlDeviceGetMemoryInfo", ())),
    "temperature": (("nvmlDeviceGetTemperatureV", (_DIE,)), ("nvmlDeviceGetTemperature", (_DIE,))),
    "power": (("nvmlDeviceGetPowerUsage", ()),),
    "power_limit": (("nvmlDeviceGetEnforcedPowerLimit", ()),),
    "sm_clock": (("nvmlDeviceGetClockInfo", (_SM_CLOCK,)),),
    "throttle": (
        ("nvmlDeviceGetCurrentClocksEventReasons", ()),
        ("nvmlDeviceGetCurrentClocksThrottleReasons", ()),
    ),
    "fan": (("nvmlDeviceGetFanSpeed", ()),),
    "mig_mode": (("nvmlDeviceGetMigMode", ()),),
    "mig_count": (("nvmlDeviceGetMaxMigDeviceCount", ()),),
    "compute_processes": (
        ("nvmlDeviceGetComputeRunningProcesses_v3", ()),
        ("nvmlDeviceGetComputeRunningProcesses_v2", ()),
    ),
    "graphics_processes": (
        ("nvmlDeviceGetGraphicsRunningProcesses_v3", ()),
        ("nvmlDeviceGetGraphicsRunningProcesses_v2", ()),
    ),
}
# NVML's NVML_VALUE_NOT_AVAILABLE, in both widths.
_NOT_AVAILABLE = (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


class NvmlDevice:
    """A handle and what is known about the sensors behind it.

    Every method may raise `pynvml.NVMLError`, but only with a code of `LIBRARY_ERRORS` or `GPU_ERRORS`:
    all other failures are a None.

    Args:
        nvml: The imported and initialised `pynvml`.
        handle: As `nvmlDeviceGetHandleByIndex` or its MIG sister gives it.
    """

    def __init__(self, nvml: ModuleType, handle: object) -> None:
        self._nvml = nvml
        self._handle = handle
        self._calls = dict(_CALLS)

    def text(self, sensor: str) -> str | None:
        """Return a name or uuid in one clean line."""
        text = self._ask(sensor)
        return clean(text) if isinstance(text, str) else None

    def number(self, sensor: str) -> int | None:
        """Return a sensor of one number, in the unit in which NVML gives it."""
        return _available(self._ask(sensor))

    def watts(self, sensor: str) -> float | None:
        """Return a sensor that NVML gives in milliwatts."""
        milliwatts = self.number(sensor)
        return None if milliwatts is None else milliwatts / 1000

    def utilisation_pct(self) -> int | None:
        """Return how busy the device is; MIG mode and MIG instances have no such sensor."""
        rates = self._ask("utilisation")
        return None if rates is None else _available(rates.gpu)

    def memory_bytes(self) -> tuple[int | None, int | None]:
        """Return used and total bytes."""
        memory = self._ask("memory")
        return (None, None) if memory is None else (_available(memory.used), _available(memory.total))

    def processes(self) -> tuple[GpuProcess, ...]:
        """Return the processes that compute or draw on the device, largest memory first."""
        memory_bytes: dict[int, int | None] = {}
        for sensor in ("compute_processes", "graphics_processes"):
            for process in self._ask(sensor) or ():
                if memory_bytes.get(process.pid) is None:
                    memory_bytes[process.pid] = process.usedGpuMemory
        largest_first = sorted(memory_bytes.items(), key=lambda item: (-(item[1] or 0), item[0]))
        return tuple(GpuProcess(pid, process_name(pid), used) for pid, used in largest_first)

    def is_split(self) -> bool:
        """Return whether the GPU is in MIG mode now."""
        modes = self._ask("mig_mode")
        return modes is not None and modes[0] == 1

    def mig_instances(self) -> dict[int, NvmlDevice]:
        """Return the MIG instances of a split GPU by their number; numbers may have gaps."""
        instances = {}
        for number in range(self.number("mig_count") or 0):
            try:
                handle = self._nvml.nvmlDeviceGetMigDeviceHandleByIndex(self._handle, number)
            except self._nvml.NVMLError as error:
                if error.value in LIBRARY_ERRORS | GPU_ERRORS:
                    raise
                continue
            instances[number] = NvmlDevice(self._nvml, handle)
        return instances

    def _ask(self, sensor: str) -> Any:  # noqa: ANN401 - pynvml is untyped
        while self._calls[sensor]:
            function_name, arguments = self._calls[sensor][0]
            function = getattr(self._nvml, function_name, None)
            if function is not None:
                try:
                    return function(self._handle, *arguments)
                except UnicodeDecodeError:
                    return None
                except self._nvml.NVMLError as error:
                    if error.value in LIBRARY_ERRORS | GPU_ERRORS:
                        raise
                    if error.value not in _NEVER_ANSWERED:
                        return None
            self._calls[sensor] = self._calls[sensor][1:]
        return None


def _available(number: int | None) -> int | None:
    return None if number in _NOT_AVAILABLE else number
