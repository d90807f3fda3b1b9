"""A stand-in for two busy GPUs, because the sample runs are made on a CPU."""

from __future__ import annotations

import math
import random

MEMORY_TOTAL_GB = 80.0
IDLE_POWER_W = 68.0
FULL_POWER_W = 400.0
IDLE_TEMPERATURE_C = 34.0
WARMING_S = 120.0


class BusyGpu:
    """A seeded model of one GPU under a steady training load.

    Utilisation wanders about its level, power follows utilisation, temperature follows power with the delay
    of a heat sink, and memory reaches its plateau in the first minute as a caching allocator's does.

    Args:
        seed: Seed of the noise.
        level_percent: Where the utilisation wanders about.
        memory_gb: Memory in use once the allocator has filled its cache.
    """

    def __init__(self, *, seed: int, level_percent: float, memory_gb: float) -> None:
        self._random = random.Random(seed)
        self._level_percent = level_percent
        self._memory_gb = memory_gb
        self._drift = 0.0
        self._temperature_c = IDLE_TEMPERATURE_C

    def sample(self, elapsed_s: float, interval_s: float) -> dict[str, float]:
        """Return the readings after `elapsed_s` seconds of load, `interval_s` after the last sample."""
        self._drift = 0.8 * self._drift + self._random.gauss(0.0, 1.6)
        utilization_percent = round(min(99.0, max(60.0, self._level_percent + self._drift)))
        load = utilization_percent / 100.0
        power_w = IDLE_POWER_W + (FULL_POWER_W - IDLE_POWER_W) * load + self._random.gauss(0.0, 4.0)
        settled_c = IDLE_TEMPERATURE_C + 0.095 * power_w
        self._temperature_c += (settled_c - self._temperature_c) * (1.0 - math.exp(-interval_s / WARMING_S))
        filled = 1.0 - 0.12 * math.exp(-elapsed_s / 15.0)
        return {
            "Utilization_Percent": float(utilization_percent),
            "Memory_Used_GB": round(self._memory_gb * filled + self._random.gauss(0.0, 0.01), 2),
            "Memory_Total_GB": MEMORY_TOTAL_GB,
            "Temperature_C": float(round(self._temperature_c)),
            "Power_W": round(power_w, 1),
        }
