"""What the rules keep of a run does not grow with it."""

from __future__ import annotations

import gc
import sys
from types import BuiltinFunctionType, FunctionType, ModuleType

import numpy as np

from tuimon.analysis.findings.engine import FindingEngine
from tuimon.core.roles import Role
from tuimon.store.rows import Rows

MOST_BYTES_PER_SERIES = 64 * 1024
TAGS = (
    "train/loss", "train/grad_norm", "train/learning_rate", "train/step_time", "train/accuracy",
    "train/tokens_per_sec", "gpu.0.util", "gpu.0.mem_used_gb", "gpu.0.mem_total_gb", "gpu.0.temp_c",
    "gpu.0.sm_clock_mhz", "gpu.0.throttle", "gpu.0.power_w", "cpu.util", "host.rss_gb", "host.mem_used_pct",
    "disk.used_pct", "eval/loss",
)  # fmt: skip
CODE = (type, FunctionType, BuiltinFunctionType, ModuleType, Role)


def bytes_held(engine: FindingEngine) -> int:
    """Return the size of all that an engine refers to, code and what is shared with others left out."""
    waiting: list[object] = [engine]
    seen: set[int] = set()
    total = 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, CODE):
            continue
        seen.add(id(each))
        total += sys.getsizeof(each)
        waiting += gc.get_referents(each)
    return total


def uneven(lines: int, start: int) -> Rows:
    """Return lines of all tags with noise everywhere, now and then a spike, and sensors that wander."""
    noise = np.random.default_rng(start).standard_normal((lines, len(TAGS)))
    values = np.abs(20.0 + 3.0 * noise)
    values[::100] *= 3.0
    line = np.repeat(np.arange(start, start + lines), len(TAGS))
    return Rows(
        TAGS,
        np.tile(np.arange(len(TAGS), dtype=np.int32), lines),
        10 * line,
        np.asarray(1.7e9 + 2.0 * line, np.float64),
        values.ravel(),
        line,
    )


def test_the_state_of_a_series_is_bounded() -> None:
    engine = FindingEngine("run")
    held = []
    for start, stop in ((0, 1000), (1000, 5000)):
        engine.extend(uneven(stop - start, start))
        found = sum(sys.getsizeof(finding) for finding in engine.findings)
        held.append(bytes_held(engine) - found)
    assert held[-1] / len(TAGS) < MOST_BYTES_PER_SERIES
    findings = len(engine.findings)
    # Findings are told for good; what the rules go by is as much after five thousand lines as after one.
    assert held[-1] - held[0] < 4096 * (findings + 4)
