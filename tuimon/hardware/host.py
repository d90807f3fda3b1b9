"""CPU, memory, disk and network of this machine, through psutil."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from tuimon.core.hardware import HardwareSample, HostSample
from tuimon.core.text import clean

_Answer = TypeVar("_Answer")
_ByteCounters = dict[str, tuple[int, int]]
_LOOPBACK = ("lo", "lo0")


class HostProbe:
    """Reads the host. What is a difference between two samples is None in the first one.

    A file system that hangs (a dead NFS server) holds up `sample`, as it holds up everything else.

    Args:
        disk_path: The watched path; it need not exist yet, then its nearest existing folder counts.
    """

    def __init__(self, disk_path: Path) -> None:
        self._disk_path = disk_path.absolute()
        self._cpu_times: tuple[float, float] | None = None
        self._disk_rates = ByteRates()
        self._net_rates = ByteRates()

    def sample(self, now: float) -> HardwareSample:
        """Read everything once; what psutil cannot tell here is None."""
        try:
            import psutil  # noqa: PLC0415 - a broken psutil must not stop a start
        except ImportError as error:
            problem = clean(f"CPU, memory and disk cannot be read: {error}; install psutil again")
            return HardwareSample(now, problems=(problem,))
        memory = _attempt(psutil.virtual_memory)
        swap = _attempt(psutil.swap_memory)
        disk = _attempt(lambda: _disk_usage(psutil, self._disk_path))
        load = _attempt(psutil.getloadavg)
        disk_rates = self._disk_rates.update(now, _attempt(lambda: _disk_counters(psutil)))
        net_rates = self._net_rates.update(now, _attempt(lambda: _net_counters(psutil)))
        host = HostSample(
            cpu_pct=self._busy_pct(_attempt(lambda: _cpu_times(psutil))),
            cpu_count=_attempt(psutil.cpu_count),
            load1=load[0] if load else None,
            memory_used_bytes=memory.total - memory.available if memory else None,
            memory_total_bytes=memory.total if memory else None,
            swap_used_bytes=swap.used if swap else None,
            disk_path=clean(str(self._disk_path)),
            disk_used_bytes=disk[0] if disk else None,
            disk_free_bytes=disk[1] if disk else None,
            disk_total_bytes=disk[2] if disk else None,
            disk_read_bytes_per_s=disk_rates[0],
            disk_write_bytes_per_s=disk_rates[1],
            net_received_bytes_per_s=net_rates[0],
            net_sent_bytes_per_s=net_rates[1],
        )
        return HardwareSample(now, host=host)

    def close(self) -> None:
        """Do nothing: psutil holds nothing open."""

    def _busy_pct(self, times: tuple[float, float] | None) -> float | None:
        before, self._cpu_times = self._cpu_times, times
        if before is None or times is None:
            return None
        elapsed, idle = times[0] - before[0], times[1] - before[1]
        # The kernel's idle and I/O-wait counters may run back a little; the total cannot.
        return min(100.0, max(0.0, 100 * (1 - idle / elapsed))) if elapsed > 0 else None


class ByteRates:
    """Turns counters that only grow into bytes per second."""

    def __init__(self) -> None:
        self._then = 0.0
        self._before: Mapping[str, tuple[int, int]] | None = None

    def update(
        self, now: float, counters: Mapping[str, tuple[int, int]] | None
    ) -> tuple[float | None, float | None]:
        """Return both rates, summed over all devices, since the last call.

        They are None at the first call, when no time has passed, and when the difference would lie: a
        device came or went, or a counter ran back.

        Args:
            now: Unix seconds.
            counters: Two byte counters for each device, or None where they cannot be read.
        """
        elapsed_s, before = now - self._then, self._before
        self._then, self._before = now, counters
        if before is None or counters is None or elapsed_s <= 0 or before.keys() != counters.keys():
            return None, None
        grown = [(new[0] - before[device][0], new[1] - before[device][1]) for device, new in counters.items()]
        if any(first < 0 or second < 0 for first, second in grown):
            return None, None
        return sum(first for first, _ in grown) / elapsed_s, sum(second for _, second in grown) / elapsed_s


def _attempt(question: Callable[[], _Answer]) -> _Answer | None:
    try:
        return question()
    except Exception:  # noqa: BLE001 - on odd kernels and in containers psutil raises what it likes
        return None


def _cpu_times(psutil: ModuleType) -> tuple[float, float]:
    """Return the seconds of all CPUs together: all, and idle ones, waiting for I/O included.

    `psutil.cpu_percent` would do, were its memory not shared by everybody who calls it.
    """
    times = psutil.cpu_times()
    # Linux counts a guest's time a second time as user time.
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return sum(times) - guests, times.idle + getattr(times, "iowait", 0.0)


def _disk_usage(psutil: ModuleType, path: Path) -> tuple[int, int, int]:
    """Return used, free and total bytes of the file system of `path`, or of its nearest parent."""
    for folder in (path, *path.parents):
        try:
            usage = psutil.disk_usage(str(folder))
        except (FileNotFoundError, NotADirectoryError):
            continue
        return usage.used, usage.free, usage.total
    raise FileNotFoundError(path)


def _disk_counters(psutil: ModuleType) -> _ByteCounters:
    counters = psutil.disk_io_counters(perdisk=True, nowrap=False)
    disks = physical_devices(counters, Path("/sys/block"))
    return {disk: (counters[disk].read_bytes, counters[disk].write_bytes) for disk in disks}


def _net_counters(psutil: ModuleType) -> _ByteCounters:
    counters = psutil.net_io_counters(pernic=True, nowrap=False)
    interfaces = physical_devices(
        (name for name in counters if name not in _LOOPBACK), Path("/sys/class/net")
    )
    return {name: (counters[name].bytes_recv, counters[name].bytes_sent) for name in interfaces}


def physical_devices(names: Iterable[str], registry: Path) -> list[str]:
    """Return the devices with hardware behind them, or all where none has (containers, other systems).

    Partitions, mapped volumes (LVM, LUKS, RAID), bridges and bonds repeat the bytes of what is below them.

    Args:
        names: As the kernel's counters name them.
        registry: `/sys/block` or `/sys/class/net`, where hardware shows as a `device` entry.
    """
    known = list(names)
    return [name for name in known if (registry / name.replace("/", "!") / "device").exists()] or known
