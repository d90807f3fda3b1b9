"""All probes of a machine as one."""

from __future__ import annotations

from contextlib import suppress

from tuimon.core.hardware import GpuSample, HardwareSample, HostSample
from tuimon.core.text import clean
from tuimon.hardware.base import Probe


class Sampler:
    """Asks several probes and joins their answers. It is a probe itself, and belongs to one thread.

    Args:
        probes: Asked in this order. The first one that knows the host speaks for it.
        faults: What keeps others from being asked.
    """

    def __init__(self, *probes: Probe, faults: tuple[str, ...] = ()) -> None:
        self._probes = probes
        self._faults = faults

    def sample(self, now: float) -> HardwareSample:
        """Read every probe once. Never raises, whatever a probe does."""
        gpus: list[GpuSample] = []
        host: HostSample | None = None
        problems = list(self._faults)
        for probe in self._probes:
            try:
                part = _checked(probe.sample(now))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - one broken sensor must not blind the others
                problems.append(clean(f"{type(probe).__name__} failed: {type(error).__name__}: {error}"))
                continue
            gpus += part.gpus
            host = host or part.host
            problems += map(clean, part.problems)
        return HardwareSample(now, tuple(gpus), host, tuple(problems))

    def close(self) -> None:
        """Close every probe."""
        for probe in self._probes:
            with suppress(Exception):  # that of a plug-in may do anything, and this is the end
                probe.close()


def _checked(sample: object) -> HardwareSample:
    """Return a sample if it is one; the types of a plug-in are only promises.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(sample, HardwareSample):
        raise TypeError(f"sample() returned {type(sample).__name__}, not a HardwareSample")
    gpus: tuple[object, ...] = sample.gpus
    problems: tuple[object, ...] = sample.problems
    host: object = sample.host
    wrong = [part for part in gpus if not isinstance(part, GpuSample)]
    wrong += [part for part in problems if not isinstance(part, str)]
    wrong += [part for part in (host,) if not isinstance(part, HostSample | None)]
    if wrong:
        raise TypeError(f"a part of the sample is {type(wrong[0]).__name__}")
    return sample
