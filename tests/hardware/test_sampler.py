from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tuimon.core.hardware import GpuSample, HardwareSample, HostSample
from tuimon.hardware.base import is_due
from tuimon.hardware.local_sampler import LocalSampler
from tuimon.hardware.sampler import Sampler


@dataclass
class FixedProbe:
    part: HardwareSample
    closed: list[str] = field(default_factory=list)

    def sample(self, now: float) -> HardwareSample:
        del now
        return self.part

    def close(self) -> None:
        self.closed.append("closed")


class BrokenProbe:
    def sample(self, now: float) -> HardwareSample:
        raise RuntimeError(f"\x1b[31mbroken at {now}")

    def close(self) -> None:
        pass


def test_parts_are_joined_and_a_broken_probe_is_named() -> None:
    gpus = FixedProbe(HardwareSample(0.0, gpus=(GpuSample(0),), problems=("warm",)))
    host = FixedProbe(HardwareSample(0.0, host=HostSample(load1=1.5)))
    other = FixedProbe(HardwareSample(0.0, gpus=(GpuSample(1),), host=HostSample(load1=9.0)))
    sampler = Sampler(gpus, BrokenProbe(), host, other)
    sample = sampler.sample(1000.0)
    assert sample.wall_time == 1000.0
    assert sample.gpus == (GpuSample(0), GpuSample(1))
    assert sample.host == HostSample(load1=1.5)
    warm, broken = sample.problems
    assert warm == "warm"
    assert broken.startswith("BrokenProbe failed: RuntimeError: ")
    assert broken.isprintable()
    sampler.close()
    assert gpus.closed == host.closed == ["closed"]


def test_this_machine_can_be_sampled(tmp_path: Path) -> None:
    sampler = LocalSampler(tmp_path)
    sampler.sample(1000.0)
    measures = sampler.sample(1001.0).as_metrics()
    sampler.close()
    assert 0 < measures["host.mem_used_pct"] < 100
    assert 0 < measures["disk.used_pct"] <= 100


def test_libraries_are_loaded_on_the_first_sample_only() -> None:
    program = (
        "import sys; from pathlib import Path; from tuimon.hardware.local_sampler import LocalSampler\n"
        "sampler = LocalSampler(Path('.')); sampler.close()\n"
        "names = ('pynvml', 'psutil', 'numpy', 'tuimon.hardware.host')\n"
        "print([name for name in names if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_due_after_the_interval_or_when_the_clock_was_set_back() -> None:
    assert is_due(None, 0.0, 5.0)
    assert not is_due(100.0, 104.9, 5.0)
    assert is_due(100.0, 105.0, 5.0)
    assert is_due(100.0, 99.0, 5.0)
