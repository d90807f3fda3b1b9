"""This machine's sensors, of which nothing is loaded before the first sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tuimon.core.plugins import HARDWARE, load_plugins, told

if TYPE_CHECKING:
    from tuimon.core.hardware import HardwareSample
    from tuimon.hardware.base import Probe
    from tuimon.hardware.sampler import Sampler


class LocalSampler:
    """This machine's GPUs, CPU, memory and network, and the disk of `disk_path`, as one probe.

    Probes that other packages add are asked last; one that cannot be made says so in every sample.
    """

    def __init__(self, disk_path: Path) -> None:
        self._disk_path = disk_path
        self._sampler: Sampler | None = None

    def sample(self, now: float) -> HardwareSample:
        """Read every probe once. Never raises, whatever a probe does."""
        if self._sampler is None:
            self._sampler = _every_probe(self._disk_path)
        return self._sampler.sample(now)

    def close(self) -> None:
        """Close every probe."""
        if self._sampler is not None:
            self._sampler.close()


def _every_probe(disk_path: Path) -> Sampler:
    from tuimon.hardware.host import HostProbe  # noqa: PLC0415  # the first picture waits for none of them
    from tuimon.hardware.nvml import NvmlProbe  # noqa: PLC0415
    from tuimon.hardware.sampler import Sampler  # noqa: PLC0415

    probes: list[Probe] = [NvmlProbe(), HostProbe(disk_path)]
    faults = []
    for plugin in load_plugins(HARDWARE):
        try:
            probes.append(cast("Callable[[], Probe]", plugin.added)())
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the code of others may do anything
            faults.append(plugin.fault or told(plugin.name, "is no probe", error))
    return Sampler(*probes, faults=tuple(faults))
