from __future__ import annotations

import pytest

from tuimon.analysis.findings.sample import Layout, Layouts, Sample, SampleMean
from tuimon.core.roles import Role

USED, TOTAL, PERCENT = Role.GPU_MEMORY_USED, Role.GPU_MEMORY_TOTAL, Role.GPU_MEMORY_PCT
UTILISATION, THROTTLE = Role.GPU_UTILISATION, Role.GPU_THROTTLE


def test_readings_are_found_by_role_tag_and_gpu() -> None:
    layout = Layout([(UTILISATION, "gpu.0.util"), (THROTTLE, "gpu.3.throttle"), (UTILISATION, "gpu.3.util")])
    sample = Sample(layout, [80.0, 64.0, 60.0])
    assert sample.of(UTILISATION) == (80.0, 60.0)
    assert sample.by_tag(UTILISATION) == {"gpu.0.util": 80.0, "gpu.3.util": 60.0}
    assert layout.gpus == {UTILISATION: {0: 0, 3: 2}, THROTTLE: {3: 1}}
    assert sample.of(Role.GPU_POWER) == ()


@pytest.mark.parametrize(
    ("sensors", "readings", "expected"),
    [
        ([(USED, "gpu.1.mem_used"), (TOTAL, "gpu.1.mem_total")], [20.0, 80.0], [(1, "gpu.1.mem_used", 25.0)]),
        ([(USED, "gpu.1.mem_used"), (TOTAL, "gpu.2.mem_total")], [20.0, 80.0], []),
        ([(USED, "gpu.0.mem_used"), (TOTAL, "gpu.0.mem_total")], [20.0, 0.0], []),
        (
            [(USED, "gpu.0.mem_used"), (TOTAL, "gpu.0.mem_total")],
            [90.0, 80.0],
            [(0, "gpu.0.mem_used", 100.0)],
        ),
        ([(PERCENT, "gpu.2.mem_pct")], [33.0], [(2, "gpu.2.mem_pct", 33.0)]),
        ([(PERCENT, "gpu.2.mem_pct")], [133.0], []),
    ],
    ids=["share", "another-total", "no-total", "more-than-all", "percent", "no-percent"],
)
def test_the_used_share_of_memory(
    sensors: list[tuple[Role, str]], readings: list[float], expected: list[tuple[int, str, float]]
) -> None:
    assert Sample(Layout(sensors), readings).memory_percents() == expected


def test_a_mean_of_readings_that_hold_other_sensors() -> None:
    layouts = Layouts()
    one = layouts.of([(UTILISATION, "gpu.0.util"), (THROTTLE, "gpu.0.throttle")])
    other = layouts.of([(UTILISATION, "gpu.0.util"), (UTILISATION, "gpu.1.util")])
    mean = SampleMean(layouts)
    mean.add_all(one, [10.0, 1.0])
    mean.add_all(one, [20.0, 2.0])
    assert mean.holds("gpu.0.throttle")
    mean.add_all(other, [60.0, 7.0])
    sample = mean.take()
    assert sample.by_tag(UTILISATION) == {"gpu.0.util": 30.0, "gpu.1.util": 7.0}
    assert sample.of(THROTTLE) == (2.0,)
    assert mean.is_empty
    mean.add_all(one, [10.0, 1.0])
    mean.add_all(one, [20.0, 2.0])
    again = mean.take()
    assert again.layout is one
    assert list(again.readings) == [15.0, 2.0]
