from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tuimon.core.hardware import GpuProcess, GpuSample, HardwareSample

_PROGRAM = Path(__file__).with_name("sample_gpus.py")


class GpuWatcher:
    """A process that samples the GPUs of its own NVML whenever it is told to."""

    def __init__(self, environment: dict[str, str]) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, _PROGRAM],
            env=environment | {"PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def sample(self, now: float) -> HardwareSample:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{now}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        gpus = tuple(_gpu(gpu) for gpu in answer["gpus"])
        return HardwareSample(answer["wall_time"], gpus, None, tuple(answer["problems"]))

    def close(self) -> None:
        self.process.communicate(timeout=10)
        assert self.process.returncode == 0


def _gpu(fields: dict[str, Any]) -> GpuSample:
    processes = tuple(GpuProcess(**process) for process in fields.pop("processes"))
    return GpuSample(**fields, processes=processes)


WatchGpus = Callable[[dict[str, str]], GpuWatcher]
