from __future__ import annotations

import math

from tuimon.analysis.findings.samples import SampleGate
from tuimon.core.roles import Role

UTILISATION, THROTTLE = Role.GPU_UTILISATION, Role.GPU_THROTTLE


def test_a_reading_is_complete_when_a_sensor_reports_again() -> None:
    gate = SampleGate()
    gate.add(UTILISATION, "gpu.0.util", 80.0, 100.0)
    gate.add(UTILISATION, "gpu.1.util", 60.0, 100.0)
    assert gate.release(9, paused=False) == ()
    gate.add(UTILISATION, "gpu.0.util", 82.0, 105.0)
    assert gate.release(9, paused=False) == ({UTILISATION: {"gpu.0.util": 80.0, "gpu.1.util": 60.0}},)
    assert gate.release(9, paused=False) == ()


def test_sensors_that_are_read_every_second_are_averaged_and_bits_are_not() -> None:
    gate = SampleGate()
    for second, (percent, bits) in enumerate([(80.0, 64.0), (90.0, 32.0), (10.0, 0.0)]):
        gate.add(UTILISATION, "gpu.0.util", percent, 100.0 + second)
        gate.add(THROTTLE, "gpu.0.throttle", bits, 100.0 + second)
    assert gate.release(9, paused=False) == (
        {UTILISATION: {"gpu.0.util": 85.0}, THROTTLE: {"gpu.0.throttle": 32.0}},
    )


def test_without_times_every_report_is_a_reading() -> None:
    gate = SampleGate()
    for percent in (1.0, 2.0, 3.0):
        gate.add(UTILISATION, "gpu.0.util", percent, math.nan)
    assert [one[UTILISATION]["gpu.0.util"] for one in gate.release(9, paused=False)] == [1.0, 2.0]


def test_readings_of_a_pause_are_dropped_with_the_one_that_is_open() -> None:
    gate = SampleGate()
    gate.add(UTILISATION, "gpu.0.util", 0.0, 100.0)
    gate.add(UTILISATION, "gpu.0.util", 0.0, 105.0)
    assert gate.release(9, paused=True) == ()
    gate.add(UTILISATION, "gpu.0.util", 95.0, 110.0)
    gate.add(UTILISATION, "gpu.0.util", 95.0, 115.0)
    assert gate.release(10, paused=False) == ({UTILISATION: {"gpu.0.util": 95.0}},)


def test_readings_of_a_start_up_are_dropped() -> None:
    gate = SampleGate()
    for at in range(3):
        gate.add(UTILISATION, "gpu.0.util", 0.0, 100.0 + 5.0 * at)
    assert gate.release(3, paused=False) == ()
