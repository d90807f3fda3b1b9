"""Stretches of a log that are read as tables hold what each of their lines says by itself."""

# ruff: noqa: E501  # lines are as long as trainers print them

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.log_samples import LOOPS, loop_line
from tests.sources.reading import Points, points_by_tag, read_all
from tuimon.core.batch import LifecycleRecord, LogLine
from tuimon.sources.base import ReadBudget
from tuimon.sources.log_shape import Described, Found, LogShape
from tuimon.sources.log_tables import Cut, LogTables
from tuimon.sources.log_text import LogText
from tuimon.sources.text_log import TextLogFactory

ODD = (
    "", "nothing to see here", "step: nan", "WARNING - Loss is NaN at step 12", "Saving model checkpoint to a/b.pt",
    "step 12 | loss nan | acc 0.5 | 12.5 it/s", "--- eval at step 30 ---", "Step 5, eval loss: 2.5",
    "  3%|#   | 3/90 [00:01<00:09, 1it/s]\r  6%|##  | 5/90 [00:01<00:09, 1it/s]", "Epoch 7/90", "平均损失: 3.5",
)  # fmt: skip


def log(name: str, count: int, seed: int, odd: float, *, wild: bool = True) -> bytes:
    generator = random.Random(seed)  # noqa: S311  # numbers, not secrets
    lines = []
    for step in range(count):
        if generator.random() < odd:
            lines.append(generator.choice(ODD))
        losses = (1 / (step + 1), 1e-7 * step, float(step), 12345.678)
        loss = generator.choice(losses) if wild else 2.5 + step % 100 / 128
        lines.append(loop_line(name, step, loss))
    return ("\n".join(lines) + "\n").encode()


def points(path: Path, max_bytes: int = 8192) -> dict[str, Points]:
    return points_by_tag(read_all(TextLogFactory().open((path,)), ReadBudget(max_bytes)))


@pytest.mark.parametrize("name", LOOPS)
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), odd=st.sampled_from([0.0, 0.002, 0.02]))
def test_tables_hold_what_each_line_says(name: str, seed: int, odd: float, tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_bytes(log(name, 900, seed, odd))
    assert_tables_are_right(path)


def assert_tables_are_right(path: Path) -> None:
    found = points(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LogTables, "cut", lambda _, block, __: Cut(block))
        expected = points(path)
    assert found.keys() == expected.keys()
    for tag, wanted in expected.items():
        for column, wanted_column in zip(found[tag], wanted, strict=True):
            np.testing.assert_array_equal(column, wanted_column, err_msg=tag)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 10**6),
    names=st.lists(st.sampled_from(sorted(LOOPS)), min_size=2, max_size=4, unique=True),
    longest=st.sampled_from([1, 5, 300]),
)
def test_tables_hold_what_each_line_of_several_loops_says(
    seed: int, names: list[str], longest: int, tmp_path: Path
) -> None:
    generator = random.Random(seed)  # noqa: S311  # numbers, not secrets
    loops = [log(name, 900, seed, 0.02).split(b"\n") for name in names]
    lines: list[bytes] = []
    while len(lines) < 1500:
        loop = generator.choice(loops)
        count = generator.randint(1, longest)
        lines += loop[:count]
        del loop[:count]
    path = tmp_path / "train.log"
    path.write_bytes(b"\n".join([*lines, b""]))
    assert_tables_are_right(path)


@pytest.mark.parametrize("name", LOOPS)
def test_most_lines_of_a_loop_are_read_as_tables(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest: list[int] = []
    cut = LogTables.cut

    def counted(self: LogTables, block: bytes, knows: Callable[[Described], bool]) -> Cut:
        found = cut(self, block, knows)
        rest.append(len(re.findall("(loss|Cost|损失).*\n".encode(), found.rest, re.IGNORECASE)))
        return found

    monkeypatch.setattr(LogTables, "cut", counted)
    path = tmp_path / "train.log"
    path.write_bytes(log(name, 3000, seed=1, odd=0, wild=False))
    points(path, 32768)
    assert sum(rest) < 1500


def test_other_lines_keep_their_place_behind_those_of_a_table(tmp_path: Path) -> None:
    lines = log("padded", 1200, seed=1, odd=0).splitlines(keepends=True)
    lines[700:700] = [b"RuntimeError: CUDA out of memory\n"]
    path = tmp_path / "train.log"
    path.write_bytes(b"".join(lines))
    records = read_all(TextLogFactory().open((path,)), ReadBudget(16384))
    (failure,) = [record for record in records if isinstance(record, LifecycleRecord)]
    assert (failure.step, failure.order) == (699, 700)
    assert [line.order for line in records if isinstance(line, LogLine)] == [700]


def find(shape: LogShape, block: bytes) -> Found:
    text = LogText(block)
    return shape.find(text, np.ones(len(text), np.bool_))


SHAPE = LogShape(
    b"step   10 loss: 2.50 of 99",
    Described({"loss": (16, 20)}, {"step": (7, 9)}, fixed=((24, 26),), is_padded=True),
)


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        (b"step   10 loss: 2.50 of 99", True),
        (b"step 123456 loss: 1.5 of 99", True),
        (b"step 7 loss:   3 of 99", True),
        (b"step7 loss: 3 of 99", False),
        (b"step 7 loss: 3 of 98", False),
        (b"step 7 lost: 3 of 99", False),
        (b"step 7.5 loss: 3 of 99", False),
        (b"step 7 loss: 3 4 of 99", False),
        (b"step 7 loss: -3 of 99", True),
        (b"step 7 loss: 1.5e-07 of 99", True),
        (b"step 7 loss: 33,024 of 99", True),
        (b"step 7 loss: 33,0245 of 99", False),
        (b"step 7 loss: 3302,024 of 99", False),
        (b"step -7 loss: 3 of 99", False),
        (b"step 7 loss: --3 of 99", False),
        (b"step 7 loss: 3e of 99", False),
        (b"step 7e1 loss: 3 of 99", False),
        (b"step 7 loss: 3 of -99", False),
        (b"step 7 loss: 3 of 99!", False),
        (b"step" + b" " * 40 + b"7 loss: 3 of 99", False),
        (b"step 7 loss: nan of 99", False),
        (b"", False),
    ],
)
def test_a_line_is_of_a_shape_or_is_not(line: bytes, *, fits: bool) -> None:
    found = find(SHAPE, b"other\n" + line + b"\n")
    assert found.places.tolist() == ([1] if fits else [])


def test_a_moment_that_is_none_is_not_known() -> None:
    line = b"2026-02-28 16:46:50,123 step 10 loss: 2.50"
    shape = LogShape(line, Described({"loss": (38, 42)}, {"step": (29, 31)}, time=(0, 23)))
    moments = [b"2026-02-28 16:46:50,124", b"2026-02-28 16:46:5.,124", b"2026-13-28 16:46:50,124"]
    moments += [b"20.6-02-28 16:46:50,124", b"2026-02-28 16:61:50,124", b"2026-02-28 16:46:50,.24"]
    block = b"".join(moment + line[23:] + b"\n" for moment in moments)
    found = find(shape, block)
    assert found.tags == ("loss", "step", "_timestamp")
    known = datetime(2026, 2, 28, 16, 46, 50, 124000).timestamp()  # noqa: DTZ001  # as loggers write
    np.testing.assert_array_equal(found.values[2], [known] + [np.nan] * 5)
