"""What every format keeps, whatever happens to its files.

A new format adds a `Case` to `format_cases.py`; the tests run for all that the registry knows.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bad_files import LFS_POINTER
from tests.sources.format_cases import CASES, Case
from tests.sources.reading import Points, points_by_tag
from tuimon.core.batch import Problem, Record
from tuimon.sources.base import Confidence, ReadBudget, Source, SourceFactory
from tuimon.sources.registry import FACTORIES

NAN, INF = math.nan, math.inf
BY_FORMAT = {factory.format: factory for factory in FACTORIES}
APPENDED = [name for name, case in CASES.items() if case.bad]
WITH_HUGE = [name for name, case in CASES.items() if case.huge]

quick = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


def falling(steps: Iterable[int]) -> list[tuple[int, float]]:
    """Return steps with a loss that float32 holds exactly."""
    return [(step, 10 - step / 8) for step in steps]


class Reader:
    """A source of one format over one file, and all that it brought."""

    def __init__(self, name: str, folder: Path, content: bytes | None = b"") -> None:
        self.case: Case = CASES[name]
        self.path = folder / self.case.file_name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            self.path.write_bytes(content)
        self.source: Source = BY_FORMAT[name].open((self.path,))
        self.records: list[Record] = []
        self.problems: list[Problem] = []
        self._time = 1.6e9

    def append(self, content: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(content)

    def rewrite(self, losses: Iterable[tuple[int, float]]) -> None:
        """Write the file anew, in place, at another time."""
        self._time += 100
        self.path.write_bytes(self.case.written(losses))
        os.utime(self.path, (self._time, self._time))

    def read(self, max_bytes: int = 1 << 20) -> Points:
        """Read to the end; return the losses so far."""
        for _ in range(100_000):
            result = self.source.read(ReadBudget(max_bytes))
            self.records += result.records
            self.problems += result.problems
            if not result.more:
                break
        else:
            pytest.fail("the source never comes to an end")
        nothing = np.empty(0)
        found = points_by_tag(self.records)
        empty = Points(nothing.astype(np.int64), nothing.astype(np.int64), nothing, nothing)
        return found.get(self.case.tag, empty)


@pytest.fixture(params=sorted(CASES))
def name(request: pytest.FixtureRequest) -> str:
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture(params=APPENDED)
def appended(request: pytest.FixtureRequest) -> str:
    """Return a format whose records are damaged one by one."""
    assert isinstance(request.param, str)
    return request.param


def test_every_format_has_a_case() -> None:
    without_metrics = {"config"}
    assert set(CASES) == set(BY_FORMAT) - without_metrics


def test_a_file_of_the_format_is_known_by_name_and_content(name: str, tmp_path: Path) -> None:
    case, factory = CASES[name], BY_FORMAT[name]
    path = Reader(name, tmp_path, case.written(falling(range(30)))).path
    found = factory.sniff(path, path.read_bytes()[:4096])
    assert found.confidence >= Confidence.LIKELY
    assert found.reason
    assert all(_is_not_sure(other, case) for other in FACTORIES if other is not factory)


def _is_not_sure(factory: SourceFactory, case: Case) -> bool:
    found = factory.sniff(Path("elsewhere") / case.file_name, case.written(falling(range(30)))[:4096])
    return found.confidence < Confidence.CERTAIN


def test_all_points_come_in_order(name: str, tmp_path: Path) -> None:
    found = Reader(name, tmp_path, CASES[name].written(falling(range(1, 40)))).read()
    assert found.steps.tolist() == list(range(1, 40))
    assert found.values.tolist() == [10 - step / 8 for step in range(1, 40)]
    assert (np.diff(found.order) > 0).all()


def test_numbers_that_are_none_are_kept(name: str, tmp_path: Path) -> None:
    losses = [(1, 1.0), (2, NAN), (3, INF), (4, -INF), (5, NAN), (6, 2.0)]
    found = Reader(name, tmp_path, CASES[name].written(losses)).read()
    np.testing.assert_array_equal(found.values, [1, NAN, INF, -INF, NAN, 2])


@quick
@given(cuts=st.lists(st.integers(0, 2500), max_size=12), budget=st.integers(1, 600))
def test_how_the_bytes_arrive_changes_nothing(
    name: str, tmp_path: Path, cuts: list[int], budget: int
) -> None:
    content = CASES[name].written(falling(range(60)))
    (tmp_path / "whole").mkdir(exist_ok=True)
    expected = Reader(name, tmp_path / "whole", content)
    growing = Reader(name, tmp_path)
    expected.read()
    done = 0
    for cut in [*sorted(cuts), len(content)]:
        growing.append(content[done : max(cut, done)])
        done = max(done, cut)
        growing.read(budget)
    found, wanted = points_by_tag(growing.records), points_by_tag(expected.records)
    assert found.keys() == wanted.keys()
    for tag, points in wanted.items():
        for column, wanted_column in zip(found[tag], points, strict=True):
            np.testing.assert_array_equal(column, wanted_column)


def test_a_quiet_file_brings_nothing(name: str, tmp_path: Path) -> None:
    reader = Reader(name, tmp_path, CASES[name].written(falling(range(20))))
    reader.read()
    for _ in range(20):
        result = reader.source.read(ReadBudget())
        assert (result.records, result.problems, result.bytes_read, result.more) == ((), (), 0, False)


def test_a_file_that_does_not_exist_yet_is_read_when_it_comes(name: str, tmp_path: Path) -> None:
    reader = Reader(name, tmp_path, content=None)
    assert len(reader.read().values) == 0
    reader.rewrite(falling(range(1, 6)))
    assert reader.read().steps.tolist() == [1, 2, 3, 4, 5]


def test_a_file_that_is_cut_and_written_anew_keeps_what_was_read(name: str, tmp_path: Path) -> None:
    reader = Reader(name, tmp_path, CASES[name].written(falling(range(1, 21))))
    before = reader.read()
    for losses in (falling(range(1, 11)), [*falling(range(1, 11)), (11, -1.5), (12, -2.5)]):
        reader.rewrite(losses)
        reader.read()
    found = reader.read()
    assert found.values[:20].tolist() == before.values.tolist()
    assert found.values[-2:].tolist() == [-1.5, -2.5]
    assert found.steps[-2:].tolist() == [11, 12]


def test_a_file_that_is_replaced_keeps_what_was_read(name: str, tmp_path: Path) -> None:
    reader = Reader(name, tmp_path, CASES[name].written(falling(range(1, 21))))
    reader.read()
    other = tmp_path / "other"
    other.write_bytes(CASES[name].written((step, 100.0 + step) for step in range(1, 31)))
    other.replace(reader.path)
    found = reader.read()
    assert found.values.tolist() == [10 - step / 8 for step in range(1, 21)] + [
        100.0 + step for step in range(1, 31)
    ]


def test_a_file_that_vanishes_and_comes_back_brings_no_point_twice(name: str, tmp_path: Path) -> None:
    reader = Reader(name, tmp_path, CASES[name].written(falling(range(1, 21))))
    reader.read()
    reader.path.unlink()
    assert len(reader.read().values) == 20
    assert any("gone" in problem.message for problem in reader.problems)
    reader.rewrite(falling(range(1, 31)))
    assert reader.read().steps.tolist() == list(range(1, 31))


def test_a_file_that_may_not_be_read_is_said_and_tried_again(name: str, tmp_path: Path) -> None:
    reader = Reader(name, tmp_path, CASES[name].written(falling(range(1, 6))))
    with forbidden(reader.path):
        assert len(reader.read().values) == 0
        assert [problem.path for problem in reader.problems] == [str(reader.path)]
        reader.read()
        assert len(reader.problems) == 1
    assert reader.read().steps.tolist() == [1, 2, 3, 4, 5]


def test_a_bad_record_is_skipped_alone_and_said_with_its_place(appended: str, tmp_path: Path) -> None:
    case = CASES[appended]
    start = case.written(falling(range(1, 5)))
    rest = b"".join(case.record(*each) for each in falling(range(6, 40)))
    reader = Reader(appended, tmp_path, start + case.bad + rest)
    assert reader.read().steps.tolist() == [1, 2, 3, 4, *range(6, 40)]
    assert [problem.offset for problem in reader.problems] == [len(start)]


@pytest.mark.parametrize("appended", WITH_HUGE)
def test_a_huge_record_is_skipped_alone_and_said(appended: str, tmp_path: Path) -> None:
    case = CASES[appended]
    assert case.huge is not None
    start = case.written(falling(range(1, 5)))
    rest = b"".join(case.record(*each) for each in falling(range(6, 40)))
    reader = Reader(appended, tmp_path, start + case.huge() + rest)
    assert reader.read().steps.tolist() == [1, 2, 3, 4, *range(6, 40)]
    assert [problem.offset for problem in reader.problems] == [len(start)]


@quick
@given(junk=st.binary(max_size=300), place=st.integers(0, 900), cut=st.integers(0, 300))
def test_no_content_raises(name: str, tmp_path: Path, junk: bytes, place: int, cut: int) -> None:
    content = CASES[name].written(falling(range(20)))
    damaged = content[:place] + junk + content[place + cut :]
    (tmp_path / "junk").mkdir(exist_ok=True)
    BY_FORMAT[name].sniff(tmp_path / CASES[name].file_name, damaged[:4096])
    for bytes_ in (damaged, junk):
        reader = Reader(name, tmp_path / "junk", bytes_)
        reader.read(100)
        assert all(problem.path and problem.message for problem in reader.problems)


def test_a_git_lfs_pointer_is_called_one(name: str, tmp_path: Path) -> None:
    reader = Reader(name, tmp_path, LFS_POINTER)
    assert len(reader.read().values) == 0
    if name not in ("tfevents", "wandb"):  # discovery tells of those before any source is opened
        assert any("Git LFS pointer" in problem.message for problem in reader.problems)


@contextmanager
def forbidden(path: Path) -> Iterator[None]:
    """Take away the right to read a file; for root, who may read all, it is acted."""
    if os.geteuid() != 0:
        path.chmod(0o000)
        yield
        path.chmod(0o644)
        return

    def refusing(function: Any) -> Any:  # noqa: ANN401  # functions of the standard library
        def acting(asked: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # as the function
            if str(asked) == str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return function(asked, *arguments, **named)

        return acting

    with (
        mock.patch.object(os, "open", refusing(os.open)),
        mock.patch.object(Path, "read_bytes", refusing(Path.read_bytes)),
    ):
        yield
