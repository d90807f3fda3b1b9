from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tuimon.analysis.findings.sample import Layouts, Sample
from tuimon.analysis.findings.sample_gate import SampleGate
from tuimon.core.roles import Role

UTILISATION, THROTTLE = Role.GPU_UTILISATION, Role.GPU_THROTTLE
SENSORS = [(UTILISATION, "gpu.0.util"), (UTILISATION, "gpu.1.util"), (THROTTLE, "gpu.0.throttle")]


def readings(samples: tuple[Sample, ...]) -> list[dict[str, float]]:
    """Return what the sensors of each sample read, by tag."""
    return [dict(zip(sample.layout.tags, sample.readings, strict=True)) for sample in samples]


def test_a_reading_is_complete_when_a_sensor_reports_again() -> None:
    gate = SampleGate(Layouts())
    gate.add(UTILISATION, "gpu.0.util", 80.0, 100.0)
    gate.add(UTILISATION, "gpu.1.util", 60.0, 100.0)
    assert gate.release(9, paused=False) == ()
    gate.add(UTILISATION, "gpu.0.util", 82.0, 105.0)
    assert readings(gate.release(9, paused=False)) == [{"gpu.0.util": 80.0, "gpu.1.util": 60.0}]
    assert gate.release(9, paused=False) == ()


def test_sensors_that_are_read_every_second_are_averaged_and_bits_are_not() -> None:
    gate = SampleGate(Layouts())
    for second, (percent, bits) in enumerate([(80.0, 64.0), (90.0, 32.0), (10.0, 0.0)]):
        gate.add(UTILISATION, "gpu.0.util", percent, 100.0 + second)
        gate.add(THROTTLE, "gpu.0.throttle", bits, 100.0 + second)
    assert readings(gate.release(9, paused=False)) == [{"gpu.0.util": 85.0, "gpu.0.throttle": 32.0}]


def test_without_times_every_report_is_a_reading() -> None:
    gate = SampleGate(Layouts())
    for percent in (1.0, 2.0, 3.0):
        gate.add(UTILISATION, "gpu.0.util", percent, math.nan)
    assert [one.of(UTILISATION) for one in gate.release(9, paused=False)] == [(1.0,), (2.0,)]


def test_readings_of_a_pause_are_dropped_with_the_one_that_is_open() -> None:
    gate = SampleGate(Layouts())
    gate.add(UTILISATION, "gpu.0.util", 0.0, 100.0)
    gate.add(UTILISATION, "gpu.0.util", 0.0, 105.0)
    assert gate.release(9, paused=True) == ()
    gate.add(UTILISATION, "gpu.0.util", 95.0, 110.0)
    gate.add(UTILISATION, "gpu.0.util", 95.0, 115.0)
    assert readings(gate.release(10, paused=False)) == [{"gpu.0.util": 95.0}]


def test_readings_of_a_start_up_are_dropped() -> None:
    gate = SampleGate(Layouts())
    for at in range(3):
        gate.add(UTILISATION, "gpu.0.util", 0.0, 100.0 + 5.0 * at)
    assert gate.release(3, paused=False) == ()


RECORDS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(SENSORS), min_size=1, unique=True),
        st.floats(0.0, 3.0),
        st.floats(0.0, 100.0),
        st.booleans(),
    ),
    max_size=30,
)


@given(RECORDS)
def test_a_record_is_taken_as_its_points_are(
    records: list[tuple[list[tuple[Role, str]], float, float, bool]],
) -> None:
    layouts = Layouts()
    at_once, one_by_one = SampleGate(layouts), SampleGate(layouts)
    time = 100.0
    for sensors, passed, value, line in records:
        time += passed
        values = [value + at for at in range(len(sensors))]
        at_once.add_record(layouts.of(sensors), values, time)
        for (role, tag), each in zip(sensors, values, strict=True):
            one_by_one.add(role, tag, each, time)
        if line:
            known = readings(at_once.release(9, paused=False))
            assert known == readings(one_by_one.release(9, paused=False))
