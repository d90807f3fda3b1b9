"""Event files that are being written, damaged, cut off, replaced or no event files at all."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.event_writer import (
    event,
    field,
    frame,
    loop,
    number,
    scalar,
    simple,
    summary,
    tensor,
    version,
)
from tests.sources.reading import of_kind, points_by_tag, read_all
from tuimon.core.batch import LifecycleRecord, Problem, Record, TextRecord
from tuimon.sources import event_file, frame_scan, gzip_tail
from tuimon.sources.base import UNBOUNDED, ReadBudget
from tuimon.sources.tfevents import TfEventsSource

NAME = "events.out.tfevents.1700000000.node17.42.0"
LONG_AGO = (10**9, 10**9)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


def append(path: Path, more: bytes) -> None:
    with path.open("ab") as file:
        file.write(more)


def steps_of(records: list[Record], tag: str = "x") -> list[int]:
    found = points_by_tag(records)
    return [int(step) for step in found[tag].steps] if tag in found else []


def numbered(steps: range) -> list[bytes]:
    return [scalar("x", step, step) for step in steps]


def read(path: Path, content: bytes) -> tuple[list[int], list[Problem]]:
    path.write_bytes(content)
    result = TfEventsSource((path,)).read(UNBOUNDED)
    return steps_of(list(result.records)), list(result.problems)


def flipped(record: bytes, place: int) -> bytes:
    changed = bytearray(record)
    changed[place] ^= 0x10
    return bytes(changed)


def test_a_record_is_read_when_its_second_half_is_written(path: Path) -> None:
    one, two = numbered(range(1, 3))
    path.write_bytes(version() + one[:20])
    source = TfEventsSource((path,))
    assert steps_of(read_all(source)) == []
    append(path, one[20:])
    assert steps_of(read_all(source)) == [1]
    assert read_all(source) == []
    append(path, two)
    assert steps_of(read_all(source)) == [2]


def test_every_byte_may_come_alone(path: Path) -> None:
    content = version() + b"".join(numbered(range(3)))
    path.touch()
    source = TfEventsSource((path,))
    found: list[Record] = []
    for place in range(len(content)):
        append(path, content[place : place + 1])
        result = source.read(UNBOUNDED)
        found += result.records
        assert result.problems == ()
    assert steps_of(found) == [0, 1, 2]
    assert [record.order for record in of_kind(found, LifecycleRecord)] == [0]


def test_a_record_with_a_wrong_checksum_is_skipped(path: Path) -> None:
    records = numbered(range(1, 60))
    for place in (12, 25, -6, -1):
        damaged = [*records[:30], flipped(records[30], place), *records[31:]]
        steps, problems = read(path, version() + b"".join(damaged))
        assert steps == [*range(1, 31), *range(32, 60)]
        assert [problem.offset for problem in problems] == [len(version() + b"".join(records[:30]))]


def test_behind_a_damaged_length_the_next_record_is_found(path: Path) -> None:
    records = numbered(range(1, 60))
    for place in range(12):
        damaged = [*records[:30], flipped(records[30], place), *records[31:]]
        steps, problems = read(path, version() + b"".join(damaged))
        assert steps == [*range(1, 31), *range(32, 60)]
        assert [problem.offset for problem in problems] == [len(version() + b"".join(records[:30]))]
        assert f"{len(records[30])} bytes" in problems[0].message


def test_junk_between_records_is_skipped(path: Path) -> None:
    junk = np.random.default_rng(3).integers(0, 256, 300_000, np.uint8).tobytes()
    one, two = numbered(range(1, 3))
    for max_bytes in (1000, 1 << 40):
        path.write_bytes(version() + one + junk + two)
        source = TfEventsSource((path,))
        assert steps_of(read_all(source, ReadBudget(max_bytes))) == [1, 2]


def test_a_writer_that_goes_on_behind_half_a_record_is_found(path: Path) -> None:
    long = frame(event(field(4, b"graph" * 100)))
    content = version() + long[:101] + version() + b"".join(numbered(range(20)))
    steps, problems = read(path, content)
    assert steps == list(range(20))
    assert [problem.offset for problem in problems] == [len(version())]


def test_many_damaged_records_are_few_problems(path: Path) -> None:
    records = [flipped(record, 15) if n % 2 else record for n, record in enumerate(numbered(range(500)))]
    steps, problems = read(path, version() + b"".join(records))
    assert steps == list(range(0, 500, 2))
    assert len(problems) == 10
    assert "more damaged places" in problems[-1].message


def test_many_damaged_lengths_take_no_time_to_speak_of(path: Path) -> None:
    records = [flipped(record, 2) if n % 2 else record for n, record in enumerate(numbered(range(2000)))]
    steps, problems = read(path, version() + b"".join(records))
    assert steps == list(range(0, 2000, 2))
    assert len(problems) == 10


def test_a_record_that_is_no_event_is_a_problem(path: Path) -> None:
    steps, problems = read(path, version() + frame(b"\xff\xff") + frame(b"") + b"".join(numbered(range(3))))
    assert steps == [0, 1, 2]
    assert [problem.offset for problem in problems] == [len(version())]


def test_a_record_whose_step_ends_elsewhere_is_no_record_of_the_same_kind(path: Path) -> None:
    records = [event(summary(simple("x", 0)), step, wall_time=0) for step in range(300, 310)]
    odd = records[0].replace(b"\x10\xac\x02", b"\x10\x2c\x02")
    steps, problems = read(path, version() + b"".join(frame(record) for record in [*records, odd]))
    assert steps == list(range(300, 310))
    assert len(problems) == 1


def test_a_cut_off_end_is_said_when_nobody_seems_to_write(path: Path) -> None:
    records = b"".join(numbered(range(3)))
    path.write_bytes(version() + records[:-5])
    source = TfEventsSource((path,))
    assert source.read(UNBOUNDED).problems == ()
    os.utime(path, ns=LONG_AGO)
    (problem,) = source.read(UNBOUNDED).problems
    assert "cut off" in problem.message
    assert problem.offset == len(version() + b"".join(numbered(range(2))))
    assert source.read(UNBOUNDED).problems == ()
    append(path, records[-5:])
    assert steps_of(read_all(source)) == [2]


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 11, 12, 20, 34, 35, 38])
@pytest.mark.parametrize("end", [39, 5000])
def test_zeros_at_the_end_are_not_written_yet(path: Path, kept: int, end: int) -> None:
    one, two, three = numbered(range(1, 4))
    assert len(two) == 39
    path.write_bytes(version() + one + two[:kept] + bytes(end - kept))
    source = TfEventsSource((path,))
    result = source.read(UNBOUNDED)
    assert steps_of(list(result.records)) == [1]
    assert len(result.problems) == 1
    assert [source.read(UNBOUNDED).problems for _ in range(20)] == [()] * 20
    path.write_bytes(version() + one + two + three + bytes(100))
    os.utime(path, ns=LONG_AGO)
    result = source.read(UNBOUNDED)
    assert steps_of(list(result.records)) == [2, 3]
    assert result.problems == ()


def test_a_file_of_zeros_may_be_written_later(path: Path) -> None:
    path.write_bytes(bytes(3000))
    source = TfEventsSource((path,))
    assert read_all(source, ReadBudget(1000)) == []
    path.write_bytes(version() + b"".join(numbered(range(3))))
    assert steps_of(read_all(source)) == [0, 1, 2]


def test_zeros_between_records_are_skipped(path: Path) -> None:
    one, two = numbered(range(1, 3))
    for max_bytes in (500, 1 << 40):
        path.write_bytes(version() + one + bytes(20_000) + two)
        assert steps_of(read_all(TfEventsSource((path,)), ReadBudget(max_bytes))) == [1, 2]


def test_a_record_that_is_too_long_is_stepped_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_scan, "MAX_RECORD_BYTES", 5000)
    long = frame(event(field(4, bytes(range(256)) * 40)))
    one, two = numbered(range(1, 3))
    path.write_bytes(version() + one + long + two)
    source = TfEventsSource((path,))
    results = [source.read(ReadBudget(300)) for _ in range(50)]
    assert steps_of([record for result in results for record in result.records]) == [1, 2]
    assert [problem.offset for result in results for problem in result.problems] == [len(version() + one)]
    assert not results[-1].more


def test_a_long_record_is_waited_for_whole(path: Path) -> None:
    text = tensor("text", field(1, 7) + field(8, "word " * 30_000), "text")
    path.write_bytes(version() + frame(event(summary(text))) + scalar("x", 1, 2))
    source = TfEventsSource((path,))
    found = read_all(source, ReadBudget(1000))
    assert [len(record.text) for record in of_kind(found, TextRecord)] == [150_000]
    assert steps_of(found) == [1]


def test_checksums_beyond_the_first_bytes_are_verified_on_demand(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_file, "VERIFIED_BYTES", 100)
    records = numbered(range(40))
    in_value, in_tag = flipped(records[20], -6), flipped(records[25], -10)
    path.write_bytes(version() + b"".join([*records[:20], in_value, *records[21:25], in_tag, *records[26:]]))
    # Whoever needs every value to be right asks for it; what cannot be right is left out in any case.
    for verify, kept in ((False, {*range(40)} - {25}), (True, {*range(40)} - {20, 25})):
        source = TfEventsSource((path,), verify=verify)
        result = source.read(UNBOUNDED)
        assert set(steps_of(list(result.records))) == kept
        assert len(result.problems) == 40 - len(kept)


def test_checksums_of_a_live_file_are_verified(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_file, "VERIFIED_BYTES", 0)
    path.write_bytes(version())
    source = TfEventsSource((path,))
    source.read(UNBOUNDED)
    records = numbered(range(10))
    append(path, b"".join([*records[:5], flipped(records[5], -6), *records[6:]]))
    result = source.read(UNBOUNDED)
    assert steps_of(list(result.records)) == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert len(result.problems) == 1


def test_a_replaced_file_is_another_writer_and_nothing_is_lost(path: Path) -> None:
    path.write_bytes(version() + b"".join(numbered(range(9))))
    source = TfEventsSource((path,))
    first = read_all(source)
    path.unlink()
    path.write_bytes(version(1.8e9) + b"".join(numbered(range(3))))
    result = source.read(UNBOUNDED)
    assert steps_of([*first, *result.records]) == [*range(9), *range(3)]
    assert [record.wall_time for record in of_kind(result.records, LifecycleRecord)] == [1.8e9]
    assert len(result.problems) == 1


def test_a_replaced_file_without_points_is_another_writer_too(path: Path) -> None:
    path.write_bytes(version())
    source = TfEventsSource((path,))
    read_all(source)
    path.unlink()
    path.write_bytes(version(1.8e9))
    assert [record.wall_time for record in of_kind(read_all(source), LifecycleRecord)] == [1.8e9]


def test_a_vanished_file_keeps_the_others_going(path: Path) -> None:
    other = path.with_name(NAME.replace("1700", "1800"))
    source = TfEventsSource((path, other))
    assert len(source.read(UNBOUNDED).problems) == 2
    other.write_bytes(version() + scalar("x", 1, 1))
    assert steps_of(read_all(source)) == [1]
    assert source.read(UNBOUNDED).problems == ()


def packed(path: Path, content: bytes) -> TfEventsSource:
    path = path.with_name(NAME + ".gz")
    path.write_bytes(content)
    return TfEventsSource((path,))


def test_a_gzip_file_is_read(path: Path) -> None:
    content = version() + b"".join(loop(range(1500)))
    for max_bytes in (500, 1 << 40):
        source = packed(path, gzip.compress(content[:50_001]) + gzip.compress(content[50_001:]) + bytes(100))
        found = read_all(source, ReadBudget(max_bytes))
        assert steps_of(found, "train/loss") == list(range(1500))
    result = packed(path, gzip.compress(content)).read(UNBOUNDED)
    assert result.problems == ()
    assert result.bytes_read == path.with_name(NAME + ".gz").stat().st_size


@settings(max_examples=15)
@given(
    st.lists(st.integers(0, 120), min_size=1, max_size=4),
    st.integers(0, 3),
    st.integers(1, 40_000),
    st.integers(1, 3000),
)
def test_how_a_gzip_file_is_packed_and_read_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], zeros: int, max_bytes: int, input_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("packed") / NAME
    borders = [0, *np.cumsum(sizes).tolist()]
    parts = [b"".join(numbered(range(*ends))) for ends in pairwise(borders)]
    content = bytes(zeros * 700).join(gzip.compress(part) for part in [version(), *parts])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gzip_tail, "_INPUT_BYTES", input_bytes)
        source = packed(path, content)
        assert steps_of(read_all(source, ReadBudget(max_bytes))) == list(range(borders[-1]))
    assert source.read(UNBOUNDED).problems == ()


def test_a_gzip_file_is_opened_once_per_block(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def open_noted(path: Path, flags: int, open_file: Callable[[Path, int], int] = os.open) -> int:
        opened.append(path)
        return open_file(path, flags)

    monkeypatch.setattr(os, "open", open_noted)
    content = version() + b"".join(loop(range(1500)))
    # Random bytes behind the records, which cannot be packed: the file is as large as its content.
    random = frame(event(field(4, np.random.default_rng(0).bytes(1 << 16))))
    read_all(packed(path, gzip.compress(content + random)))
    assert len(opened) <= 2


def test_a_gzip_file_that_is_cut_off_gives_what_it_holds(path: Path) -> None:
    content = gzip.compress(version() + b"".join(loop(range(1000))))
    source = packed(path, content[: len(content) // 2])
    result = source.read(UNBOUNDED)
    steps = steps_of(list(result.records), "train/loss")
    assert 200 < len(steps) < 800
    assert steps == list(range(len(steps)))
    assert [problem.message for problem in result.problems] == [
        "the gzip file is cut off or still being written; what it holds so far was read"
    ]
    assert source.read(UNBOUNDED).problems == ()
    append(path.with_name(NAME + ".gz"), content[len(content) // 2 :])
    assert steps_of(read_all(source), "train/loss")[-1] == 999


def test_a_damaged_gzip_file_is_a_problem_until_it_is_written_anew(path: Path) -> None:
    good = gzip.compress(version() + b"".join(numbered(range(3))))
    source = packed(path, b"no gzip at all")
    assert len(source.read(UNBOUNDED).problems) == 1
    append(path.with_name(NAME + ".gz"), b"more")
    assert source.read(UNBOUNDED).problems == ()
    path.with_name(NAME + ".gz").write_bytes(good)
    assert steps_of(read_all(source)) == [0, 1, 2]


def test_a_slice_of_a_hostile_gzip_file_is_no_longer_than_another(path: Path) -> None:
    source = packed(path, gzip.compress(version() + bytes(32 << 20)))
    count = 1
    while source.read(ReadBudget(1 << 20)).more:
        count += 1
    assert count >= 16


def test_a_hostile_gzip_file_takes_little_memory(path: Path) -> None:
    source = packed(path, gzip.compress(bytes(40 << 20)))
    tracemalloc.start()
    source.read(UNBOUNDED)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 40 << 20


def columns(records: list[Record]) -> dict[str, list[object]]:
    """Return all points, NaN comparable."""
    return {
        tag: [column.tobytes() for column in (points.order, points.steps, points.wall_times, points.values)]
        for tag, points in points_by_tag(records).items()
    }


_RECORDS = st.one_of(
    st.builds(scalar, st.sampled_from(["a", "b", "loss"]), st.integers(-3, 300), st.floats(width=32)),
    st.builds(
        lambda step, raw: frame(event(summary(tensor("t", number(2, raw)), simple("a", 1)), step)),
        st.integers(0, 200),
        st.binary(min_size=8, max_size=8),
    ),
    st.builds(frame, st.binary(max_size=20)),
    st.just(version()),
)


@settings(max_examples=80)
@given(
    st.lists(_RECORDS, max_size=12),
    st.lists(st.integers(1, 200), max_size=8),
    st.lists(
        st.tuples(st.integers(0, 2000), st.binary(max_size=6) | st.integers(1, 60).map(bytes)), max_size=2
    ),
    st.integers(1, 300),
    st.booleans(),
)
def test_how_the_bytes_come_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[bytes],
    cuts: list[int],
    damages: list[tuple[int, bytes]],
    max_bytes: int,
    is_packed: bool,  # noqa: FBT001 hypothesis passes it
) -> None:
    path = tmp_path_factory.mktemp("split") / (NAME + ".gz" * is_packed)
    content = _damaged(version() + b"".join(records * 3), damages)
    content = gzip.compress(content) if is_packed else content
    path.write_bytes(content)
    expected = columns(read_all(TfEventsSource((path,))))
    path.write_bytes(b"")
    source = TfEventsSource((path,))
    found: list[Record] = []
    for part in _cut(content, cuts):
        append(path, part)
        found += read_all(source, ReadBudget(max_bytes))
    assert columns(found) == expected


def _damaged(content: bytes, damages: list[tuple[int, bytes]]) -> bytes:
    """Return `content` with junk over some of its bytes."""
    changed = bytearray(content)
    for place, junk in damages:
        begin = place % len(changed)
        changed[begin : begin + len(junk)] = junk
    return bytes(changed)


def _cut(content: bytes, cuts: list[int]) -> Iterator[bytes]:
    for cut in cuts:
        yield content[:cut]
        content = content[cut:]
    yield content


_SOUND = (
    version()
    + b"".join(loop(range(6)))
    + frame(
        event(summary(tensor("text", field(1, 7) + field(8, "word"), "text"), tensor("h", b"", "histograms")))
    )
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, len(_SOUND) - 1), st.binary(max_size=12)), max_size=5), st.booleans()
)
def test_damage_never_raises_and_never_hides_the_rest(
    tmp_path_factory: pytest.TempPathFactory,
    damages: list[tuple[int, bytes]],
    verify: bool,  # noqa: FBT001 hypothesis passes it
) -> None:
    content = _damaged(_SOUND, damages)
    path = tmp_path_factory.mktemp("damage") / NAME
    path.write_bytes(content + b"".join(numbered(range(1000, 1004))))
    source = TfEventsSource((path,), verify=verify)
    assert steps_of(read_all(source, ReadBudget(100)))[-3:] == [1001, 1002, 1003]


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_any_record_is_survived(
    tmp_path_factory: pytest.TempPathFactory,
    contents: list[bytes],
    is_value: bool,  # noqa: FBT001 hypothesis passes it
) -> None:
    path = tmp_path_factory.mktemp("records") / NAME
    records = [frame(event(summary(content)) if is_value else content) for content in contents]
    path.write_bytes(version() + b"".join(records) + b"".join(numbered(range(2))))
    assert steps_of(read_all(TfEventsSource((path,))))[-2:] == [0, 1]


@settings(max_examples=50)
@given(st.binary(max_size=400))
def test_any_bytes_are_survived(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    for suffix in ("", ".gz"):
        path = tmp_path_factory.mktemp("junk") / (NAME + suffix)
        path.write_bytes(content)
        source = TfEventsSource((path,))
        read_all(source, ReadBudget(50))
        assert read_all(source) == []
