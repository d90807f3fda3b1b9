"""All probes of a machine as one."""

from __future__ import annotations

from pathlib import Path

from tuimon.core.hardware import GpuSample, HardwareSample, HostSample
from tuimon.core.text import clean
from tuimon.hardware.base import Probe
from tuimon.hardware.host import HostProbe
from tuimon.hardware.nvml import NvmlProbe


class Sampler:
    """Asks several probes and joins their answers. It is a probe itself, and belongs to one thread.

    Args:
        probes: Asked in this order. The first one that knows the host speaks for it.
    """

    def __init__(self, *probes: Probe) -> None:
        self._probes = probes

    def sample(self, now: float) -> HardwareSample:
        """Read every probe once. Never raises, whatever a probe does."""
        gpus: list[GpuSample] = []
        host: HostSample | None = None
        problems: list[str] = []
        for probe in self._probes:
            try:
                part = probe.sample(now)
            except Exception as error:  # noqa: BLE001 - one broken sensor must not blind the others
                problems.append(clean(f"{type(probe).__name__} failed: {type(error).__name__}: {error}"))
                continue
            gpus += part.gpus
            host = host or part.host
            problems += part.problems
        return HardwareSample(now, tuple(gpus), host, tuple(problems))

    def close(self) -> None:
        """Close every probe."""
        for probe in self._probes:
            probe.close()


def local_sampler(disk_path: Path) -> Sampler:
    """Return a sampler of this machine's GPUs, CPU, memory and network, and of the disk of `disk_path`."""
    return Sampler(NvmlProbe(), HostProbe(disk_path))
