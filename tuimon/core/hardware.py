"""What a machine's sensors said at one moment, and the names under which it becomes series.

A sensor that is missing, not permitted or not yet known is None, never zero. Sizes are bytes. Texts come
from drivers and other programs: whoever makes these values passes every text through `core.text.clean`.
"""

from __future__ import annotations

from tuimon.core.frozen import frozen

# What "gb" in a series name means. Training code divides by 1024**3 and writes GB, and a card sold with
# 80 GB has 79.6 of these.
_BYTES_PER_GB = 2**30


@frozen
class GpuProcess:
    """A process that holds memory of a GPU; `pid` is the one the driver sees, outside of any container."""

    pid: int
    name: str | None = None
    memory_bytes: int | None = None


@frozen
class GpuSample:
    """One GPU, or one MIG instance of it, at one moment.

    Attributes:
        index: The driver's number of the GPU; for a MIG instance its number within its GPU.
        uuid: As the driver gives it (`GPU-...`, `MIG-...`), kept when the GPU is lost.
        name: The product name, kept when the GPU is lost.
        utilisation_pct: Share of the driver's last sampling period (1/6 to 1 s) in which a kernel ran.
        memory_used_bytes: Without what the driver reserves for itself, where it tells them apart.
        memory_total_bytes: All memory of the device.
        temperature_c: Of the die.
        power_w: Drawn by the board; averaged over a second by the driver from Ampere on.
        power_limit_w: The limit that holds now.
        sm_clock_mhz: Clock of the streaming multiprocessors.
        throttle_reasons: NVML's clock event bits; 0 is full speed, 0x20 and 0x40 are heat.
        fan_pct: Of the fan's full speed; may exceed 100.
        processes: Largest memory first. Up to a few seconds old.
        lost: The GPU no longer answers; only its identity is known.
        mig: The GPU is split; its instances follow it in the sample.
        mig_parent: For a MIG instance, the index of its GPU.
    """

    index: int
    uuid: str | None = None
    name: str | None = None
    utilisation_pct: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_c: float | None = None
    power_w: float | None = None
    power_limit_w: float | None = None
    sm_clock_mhz: float | None = None
    throttle_reasons: int | None = None
    fan_pct: float | None = None
    processes: tuple[GpuProcess, ...] = ()
    lost: bool = False
    mig: bool = False
    mig_parent: int | None = None


@frozen
class HostSample:
    """The machine around the GPUs at one moment.

    Attributes:
        cpu_pct: Busy share of all CPUs since the last sample, 0 to 100.
        cpu_count: Logical CPUs.
        load1: Load average over one minute.
        memory_used_bytes: What is not available to a new program; page cache does not count.
        memory_total_bytes: Physical memory.
        swap_used_bytes: Of all swap spaces.
        disk_path: Whose file system the `disk_*_bytes` are about.
        disk_used_bytes: Used by anybody.
        disk_free_bytes: Free for ordinary users, which may be less than total minus used.
        disk_total_bytes: Size of the file system.
        disk_read_bytes_per_s: Over all physical disks of the machine.
        disk_write_bytes_per_s: Over all physical disks of the machine.
        net_received_bytes_per_s: Over all physical network interfaces.
        net_sent_bytes_per_s: Over all physical network interfaces.
    """

    cpu_pct: float | None = None
    cpu_count: int | None = None
    load1: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    swap_used_bytes: int | None = None
    disk_path: str | None = None
    disk_used_bytes: int | None = None
    disk_free_bytes: int | None = None
    disk_total_bytes: int | None = None
    disk_read_bytes_per_s: float | None = None
    disk_write_bytes_per_s: float | None = None
    net_received_bytes_per_s: float | None = None
    net_sent_bytes_per_s: float | None = None


@frozen
class HardwareSample:
    """All sensors at one moment.

    Attributes:
        wall_time: Unix seconds.
        gpus: By index; the MIG instances of a GPU directly behind it.
        host: None where nobody looked.
        problems: What cannot be read and what to do about it; repeated in every sample while it lasts.
    """

    wall_time: float
    gpus: tuple[GpuSample, ...] = ()
    host: HostSample | None = None
    problems: tuple[str, ...] = ()

    def as_metrics(self) -> dict[str, float]:
        """Return the sample as one row of series; a sensor that is missing is left out.

        GPU N gives `gpu.N.util`, `.mem_used_gb`, `.mem_total_gb`, `.temp_c`, `.power_w`, `.sm_clock_mhz` and
        `.throttle` (NVML's bits as a number). MIG instance M of GPU N gives the same measures below
        `mig.N.M`, so that it never passes for a whole GPU. The host gives `cpu.util`, `host.mem_used_pct`
        and `disk.used_pct` (as `df` counts: of what ordinary users can fill). One GB is 2**30 bytes.
        """
        measures: dict[str, float | None] = {}
        for gpu in self.gpus:
            measures |= _gpu_measures(gpu)
        if self.host is not None:
            measures |= _host_measures(self.host)
        return {name: float(value) for name, value in measures.items() if value is not None}


def _gpu_measures(gpu: GpuSample) -> dict[str, float | None]:
    device = f"gpu.{gpu.index}" if gpu.mig_parent is None else f"mig.{gpu.mig_parent}.{gpu.index}"
    return {
        f"{device}.util": gpu.utilisation_pct,
        f"{device}.mem_used_gb": _gigabytes(gpu.memory_used_bytes),
        f"{device}.mem_total_gb": _gigabytes(gpu.memory_total_bytes),
        f"{device}.temp_c": gpu.temperature_c,
        f"{device}.power_w": gpu.power_w,
        f"{device}.sm_clock_mhz": gpu.sm_clock_mhz,
        f"{device}.throttle": gpu.throttle_reasons,
    }


def _host_measures(host: HostSample) -> dict[str, float | None]:
    used, free = host.disk_used_bytes, host.disk_free_bytes
    return {
        "cpu.util": host.cpu_pct,
        "host.mem_used_pct": _percent(host.memory_used_bytes, host.memory_total_bytes),
        "disk.used_pct": None if used is None or free is None else _percent(used, used + free),
    }


def _gigabytes(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else size_bytes / _BYTES_PER_GB


def _percent(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole
