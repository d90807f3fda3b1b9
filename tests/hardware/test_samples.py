from __future__ import annotations

from tuimon.core.hardware import GpuSample, HardwareSample, HostSample
from tuimon.core.roles import Role, gpu_index, role_of

GIB = 2**30


def test_a_full_sample_gives_every_series() -> None:
    gpu = GpuSample(
        index=3,
        utilisation_pct=93,
        memory_used_bytes=71 * GIB,
        memory_total_bytes=80 * GIB,
        temperature_c=68,
        power_w=640.5,
        sm_clock_mhz=1980,
        throttle_reasons=0x60,
    )
    host = HostSample(
        cpu_pct=34.5,
        memory_used_bytes=GIB,
        memory_total_bytes=4 * GIB,
        disk_used_bytes=30,
        disk_free_bytes=10,
        disk_total_bytes=50,
    )
    measures = HardwareSample(1000.0, (gpu,), host).as_metrics()
    assert measures == {
        "gpu.3.util": 93.0,
        "gpu.3.mem_used_gb": 71.0,
        "gpu.3.mem_total_gb": 80.0,
        "gpu.3.temp_c": 68.0,
        "gpu.3.power_w": 640.5,
        "gpu.3.sm_clock_mhz": 1980.0,
        "gpu.3.throttle": 96.0,
        "cpu.util": 34.5,
        "host.mem_used_pct": 25.0,
        "disk.used_pct": 75.0,
    }
    assert all(type(value) is float for value in measures.values())


def test_missing_sensors_are_left_out() -> None:
    lost = GpuSample(0, "GPU-0", "a GPU", lost=True)
    assert HardwareSample(1000.0, (lost,), HostSample(memory_total_bytes=1)).as_metrics() == {}
    assert HardwareSample(1000.0).as_metrics() == {}
    assert HardwareSample(1000.0, host=HostSample(disk_used_bytes=0, disk_free_bytes=0)).as_metrics() == {}
    assert HardwareSample(1000.0, (GpuSample(0, utilisation_pct=0),)).as_metrics() == {"gpu.0.util": 0.0}


def test_a_mig_instance_never_passes_for_a_gpu() -> None:
    split = GpuSample(5, memory_used_bytes=9 * GIB, mig=True)
    instance = GpuSample(1, memory_used_bytes=2 * GIB, mig_parent=5)
    measures = HardwareSample(1000.0, (split, instance)).as_metrics()
    assert measures == {"gpu.5.mem_used_gb": 9.0, "mig.5.1.mem_used_gb": 2.0}
    assert gpu_index("gpu.5.mem_used_gb") == 5
    assert role_of("gpu.5.mem_used_gb") is Role.GPU_MEMORY_USED
    assert gpu_index("mig.5.1.mem_used_gb") is None
    assert role_of("mig.5.1.mem_used_gb") is Role.OTHER
