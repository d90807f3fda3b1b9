"""Event files in blocks large enough for columns: whatever way is taken, the points are those of the records.

The plain way takes one record at a time: it walks from header to header and parses each record by itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.event_writer import (
    FIXED64,
    event,
    field,
    number,
    simple,
    summary,
    tensor,
)
from tests.sources.reading import of_kind, points_by_tag, read_all
from tuimon.core.batch import HistogramBatch, Record, ScalarBatch
from tuimon.core.frame_walk import FrameWalker
from tuimon.core.framing import FRAME_BYTES, HEADER_BYTES, intact, masked_crc
from tuimon.core.periods import Turns, alike, period_at_end, turns_of
from tuimon.sources.base import ReadBudget
from tuimon.sources.event_decoder import EventDecoder
from tuimon.sources.event_proto import Event
from tuimon.sources.event_shapes import ShapeBook
from tuimon.sources.tfevents import TfEventsSource

NAME = "events.out.tfevents.1700000000.node17.42.0"


def framed(record: bytes) -> bytes:
    """Return `record` as it stands in a file, like `event_writer.frame` and much faster."""
    length = struct.pack("<Q", len(record))
    return length + struct.pack("<I", masked_crc(length)) + record + struct.pack("<I", masked_crc(record))


def histogram(tag: str, counts: Sequence[float]) -> bytes:
    """Return a Summary.Value as TensorFlow 1 and PyTorch write it."""
    extremes = [0.5, len(counts) - 0.5, sum(counts), 7.0, 9.0]
    numbers = b"".join(field(n, struct.pack("<d", x), FIXED64) for n, x in enumerate(extremes, 1))
    limits = np.arange(1.0, len(counts) + 1).tobytes()
    bins = field(6, limits) + field(7, np.array(counts, np.float64).tobytes())
    return field(1, tag) + field(5, numbers + bins)


def plain_frames(block: bytes, begin: int) -> list[tuple[int, int]]:
    """Return begin and length of each whole frame, one after another."""
    found = []
    while len(block) - begin >= HEADER_BYTES:
        (length,) = struct.unpack_from("<Q", block, begin)
        checksum = block[begin + 8 : begin + 12]
        if masked_crc(block[begin : begin + 8]).to_bytes(4, "little") != checksum:
            break
        if begin + length + 16 > len(block):
            break
        found.append((begin, length))
        begin += length + 16
    return found


_LENGTHS = st.lists(
    st.one_of(
        st.tuples(st.lists(st.integers(0, 600), min_size=1, max_size=5), st.integers(1, 99)),
        st.tuples(st.lists(st.integers(0, 9000), min_size=1, max_size=3), st.integers(1, 3)),
    ),
    max_size=4,
)


@settings(max_examples=30)
@given(
    _LENGTHS,
    st.integers(0, 2**32),
    st.integers(0, 40),
    st.lists(st.integers(0, 10**6), max_size=3),
    st.data(),
)
def test_every_way_of_walking_finds_the_same_frames(
    loops: list[tuple[list[int], int]], seed: int, before: int, flips: list[int], data: st.DataObject
) -> None:
    random = np.random.default_rng(seed)
    lengths = [length for cycle, count in loops for _ in range(count) for length in cycle]
    # Few different bytes: what looks like a header, or nearly so, stands in records too.
    records = (
        framed(random.choice([0, 0, 0, 39, 255], length).astype(np.uint8).tobytes()) for length in lengths
    )
    content = bytearray(bytes(before) + b"".join(records))
    for flip in flips if len(content) > before else []:
        content[before + flip % (len(content) - before)] ^= 1
    walker = FrameWalker()
    begin, found = before, []
    while begin < len(content):  # in blocks, as a file is read
        block = bytes(content[: data.draw(st.integers(begin, len(content)))])
        at_end = len(block) == len(content)
        frames = walker.walk(block, begin, at_end=at_end)
        walked = list(zip(frames.begins.tolist(), frames.lengths.tolist(), strict=True))
        expected = plain_frames(block, begin)
        # The last turn of a loop may be left to the next block, which begins with it.
        assert walked == (expected if at_end else expected[: len(walked)])
        assert frames.end == (sum(walked[-1]) + FRAME_BYTES if walked else begin)
        found += walked
        if at_end or not frames.needed:
            break
        assert frames.end + frames.needed > len(block)
        begin = frames.end
    whole = plain_frames(bytes(content), before)
    assert found == whole


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 30)), min_size=1, max_size=4),
    st.integers(0, 2**32),
    st.lists(st.integers(0, 10**6), max_size=5),
)
def test_checksums_in_columns_are_those_of_the_records(
    groups: list[tuple[int, int]], seed: int, flips: list[int]
) -> None:
    random = np.random.default_rng(seed)
    records = [
        random.integers(0, 256, length, np.uint8).tobytes() for length, count in groups for _ in range(count)
    ]
    block = bytearray(b"".join(framed(record) for record in records))
    frames = FrameWalker().walk(bytes(block))
    for flip in flips:
        block[flip % len(block)] ^= 16
    expected = []
    for begin, length in zip(frames.begins.tolist(), frames.lengths.tolist(), strict=True):
        stop = begin + HEADER_BYTES + length
        crc = masked_crc(bytes(block[begin + HEADER_BYTES : stop])).to_bytes(4, "little")
        expected.append(crc == bytes(block[stop : stop + 4]))
    assert intact(bytes(block), frames.begins, frames.lengths).tolist() == expected


_TAGS = ("a", "b", "loss", "lr", "train/loss")
_VALUES = st.lists(
    st.tuples(st.sampled_from(_TAGS), st.sampled_from(["simple", "tensor", "double", "histogram"])),
    min_size=1,
    max_size=3,
)


def value_of(form: str, tag: str, one: float, other: float) -> bytes:
    """Return a Summary.Value."""
    if form == "simple":
        return simple(tag, one)
    if form == "tensor":
        return tensor(tag, number(1, struct.pack("<f", one)), "scalars")
    if form == "double":
        return tensor(tag, number(2, struct.pack("<d", other)))
    return histogram(tag, [0, one, other, 0])


def content_of(
    phases: list[tuple[list[list[tuple[str, str]]], int, int]], order: str, seed: int
) -> Iterator[bytes]:
    """Yield the records of a training that logs the same records again and again, and then others.

    Args:
        phases: The records of one time around, the first step, and how many times around.
        order: `same`, or `any`: records of one time around come in any order.
        seed: For values and order.
    """
    random = np.random.default_rng(seed)
    for records, first_step, count in phases:
        for step in range(first_step, first_step + count):
            for at in range(len(records)) if order == "same" else random.permutation(len(records)):
                values = [value_of(form, tag, *random.normal(size=2).tolist()) for tag, form in records[at]]
                yield framed(event(summary(*values), step, wall_time=1.7e9 + random.random()))


def everything(records: list[Record]) -> dict[str, list[bytes]]:
    """Return all points and histograms by tag."""
    found = {
        tag: [column.tobytes() for column in (points.order, points.steps, points.wall_times, points.values)]
        for tag, points in points_by_tag(records).items()
    }
    for batch in of_kind(records, HistogramBatch):
        columns = (batch.order, batch.steps, batch.wall_times, *batch.edges, *batch.counts)
        parts = found.setdefault(f"histogram of {batch.tag}", [])
        parts += sorted(column.tobytes() for column in columns[3:])
        parts += [np.sort(column).tobytes() for column in columns[:3]]
    return found


class _OneByOne(ShapeBook):
    """Knows no shape, so that every record is parsed by itself."""

    def learn(self, event: Event) -> None:
        del event


def read(path: Path, max_bytes: int = 1 << 40, shapes: ShapeBook | None = None) -> dict[str, list[bytes]]:
    source = TfEventsSource((path,))
    source._decoder = EventDecoder(shapes or ShapeBook())  # what other tests taught is not to matter
    return everything(read_all(source, ReadBudget(max_bytes)))


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.lists(_VALUES, min_size=1, max_size=4),
            st.sampled_from([0, 1, 100, 16300]),
            st.integers(1, 150),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["same", "any"]),
    st.integers(0, 2**32),
)
def test_columns_hold_what_the_records_hold(
    tmp_path_factory: pytest.TempPathFactory,
    phases: list[tuple[list[list[tuple[str, str]]], int, int]],
    order: str,
    seed: int,
) -> None:
    path = tmp_path_factory.mktemp("ways") / NAME
    path.write_bytes(b"".join(content_of(phases, order, seed)))
    expected = read(path, shapes=_OneByOne())
    shapes = ShapeBook()
    # What the first reading learnt is used by the second one, as it is for a second file.
    assert read(path, shapes=shapes) == expected
    assert read(path, shapes=shapes) == expected


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(
            st.lists(_VALUES, min_size=1, max_size=4), st.sampled_from([0, 100, 16300]), st.integers(50, 150)
        ),
        min_size=1,
        max_size=2,
    ),
    st.lists(st.integers(1, 9000), max_size=4),
    st.integers(500, 20000),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6)), max_size=2),
)
def test_how_a_large_file_comes_changes_no_point(
    tmp_path_factory: pytest.TempPathFactory,
    phases: list[tuple[list[list[tuple[str, str]]], int, int]],
    cuts: list[int],
    max_bytes: int,
    damages: list[tuple[int, bytes]],
) -> None:
    content = bytearray(b"".join(content_of(phases, "same", 1)))
    for place, junk in damages:
        begin = place % len(content)
        content[begin : begin + len(junk)] = junk
    path = tmp_path_factory.mktemp("split") / NAME
    path.write_bytes(content)
    expected = points_only(read(path))
    path.write_bytes(b"")
    source = TfEventsSource((path,))
    found: list[Record] = []
    for begin, end in zip(
        [0, *np.cumsum(cuts).tolist()], [*np.cumsum(cuts).tolist(), len(content)], strict=True
    ):
        with path.open("ab") as file:
            file.write(content[begin:end])
        found += read_all(source, ReadBudget(max_bytes))
    assert points_only(everything(found)) == expected


def points_only(found: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    """Return all but histograms, whose batches may hold the same in other parts."""
    return {tag: columns for tag, columns in found.items() if not tag.startswith("histogram of ")}


def test_many_tags_of_one_length_are_told_apart_at_once(tmp_path: Path) -> None:
    path = tmp_path / NAME
    order = [int(n) for n in np.random.default_rng(0).integers(0, 500, 2500)]
    records = [framed(event(summary(simple(f"layer.{n:04}", i)), 5, 1.7e9)) for i, n in enumerate(order)]
    path.write_bytes(b"".join(records))
    points = points_by_tag(read_all(TfEventsSource((path,))))
    assert len(points) == len(set(order))
    for tag, found in points.items():
        assert found.values.tolist() == [i for i, n in enumerate(order) if n == int(tag[6:])]


def test_tags_of_one_record_are_one_batch(tmp_path: Path) -> None:
    path = tmp_path / NAME
    records = [framed(event(summary(simple("a", s), simple("b", -s)), s)) for s in range(1, 9)]
    path.write_bytes(b"".join(records))
    (batch,) = of_kind(read_all(TfEventsSource((path,))), ScalarBatch)
    assert batch.tags == ("a", "b")
    assert [values.tolist() for values in batch.values] == [list(range(1, 9)), list(range(-1, -9, -1))]


def test_a_tag_that_is_also_logged_alone_has_batches_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / NAME
    both = [framed(event(summary(simple("a", s), simple("b", s)), s)) for s in range(1, 9)]
    alone = [framed(event(summary(simple("a", 100 + s)), s)) for s in range(1, 9)]
    path.write_bytes(b"".join(record for pair in zip(both, alone, strict=True) for record in pair))
    records = read_all(TfEventsSource((path,)))
    assert [batch.tags for batch in of_kind(records, ScalarBatch)] == [("a",), ("b",)]
    assert points_by_tag(records)["a"].values.tolist() == [v for s in range(1, 9) for v in (s, 100 + s)]


def test_what_repeats_at_the_end_is_found_with_the_shortest_period() -> None:
    cycle = np.array([5, 5, 7, 5])
    assert period_at_end(np.tile(cycle, 20)) == 4
    assert period_at_end(np.tile(cycle, 20)[:-1]) == 4
    assert period_at_end(np.arange(100)) == 0
    assert period_at_end(np.append(np.tile(cycle, 20), [1, 2, 3])) == 0
    assert period_at_end(cycle[:0]) == 0


def found_turns(items: list[int], fewest: int) -> list[tuple[list[int], list[int]]]:
    found: list[Turns] = turns_of(np.array(items), fewest)
    return [(turns.cycle.tolist(), turns.firsts.tolist()) for turns in found]


def test_turns_of_a_loop_that_is_left_now_and_then_begin_alike() -> None:
    cycle = [5, 6, 7, 5]
    items = [1, 1, *cycle * 20, 9, *cycle[2:], *cycle * 30, 5, 6]
    # The second stretch begins with the end of a turn.
    assert found_turns(items, 15) == [(cycle, [*range(2, 82, 4), *range(85, 205, 4)])]
    before = [6, 7, 5, 9], [79]
    assert found_turns(items, 25) == [before, ([7, 5, 5, 6], list(range(83, 207, 4)))]
    assert found_turns(items[:-2], 25) == [before, ([7, 5, 5, 6], list(range(83, 203, 4)))]
    assert found_turns([*range(50)], 2) == []


def test_the_turn_before_a_loop_is_one_too() -> None:
    first, later = [4, 5, 6], [5, 6, 7]
    assert found_turns([9, *first, *later * 20], 4) == [(first, [1]), (later, list(range(4, 64, 3)))]


def test_turns_of_several_loops_do_not_overlap() -> None:
    # One record of three is longer from some turn on, the others are as they were.
    items = [5, 6, 7] * 20 + [5, 8, 7] * 20
    found = found_turns(items, 4)
    taken = [first + n for _, firsts in found for first in firsts for n in range(3)]
    assert sorted(taken) == list(range(len(items)))
    for cycle, firsts in found:
        assert all(items[first : first + 3] == cycle for first in firsts)


def test_a_loop_that_is_left_near_the_end_is_found() -> None:
    items = [*[5, 6] * 100, *range(10, 50)]
    assert found_turns(items, 4) == [([5, 6], list(range(0, 200, 2)))]


def test_rows_are_alike_where_the_mask_tells() -> None:
    row, mask = np.array([1, 2, 3], np.uint8), np.array([255, 0, 0xF0], np.uint8)
    rows = np.tile(row, (100_000, 1))
    assert alike(rows, row, mask).all()
    rows[:, 1] = 7
    rows[70_000] = [1, 2, 19]
    rows[3] = [0, 2, 3]
    assert np.flatnonzero(~alike(rows, row, mask)).tolist() == [3, 70_000]


def test_tags_with_steps_of_their_own_are_read_once(tmp_path: Path) -> None:
    # The step of one of them takes a byte more from the middle of the block on.
    records = [
        framed(event(summary(simple(tag, step)), step + ahead))
        for step in range(1, 200)
        for tag, ahead in (("a", 0), ("b", 40), ("c", 0))
    ]
    path = tmp_path / NAME
    path.write_bytes(b"".join(records))
    for _ in range(2):
        points = points_by_tag(read_all(TfEventsSource((path,))))
        assert points["b"].steps.tolist() == list(range(41, 240))
        assert [points[tag].values.tolist() for tag in "abc"] == [list(range(1, 200))] * 3


def test_a_turn_with_a_hole_is_no_turn(tmp_path: Path) -> None:
    turns = [(tag, step) for step in range(1, 100) for tag in ("a", "bb")]
    records = [framed(event(summary(simple(tag, step)), step)) for tag, step in turns]
    # The last byte of "bb" in a turn and of "a" in the next one: their lengths seem to go on.
    content = bytearray(b"".join(records))
    for damaged in (41, 42):
        content[sum(map(len, records[: damaged + 1])) - 5] ^= 1
    path = tmp_path / NAME
    path.write_bytes(content)
    points = points_by_tag(read_all(TfEventsSource((path,))))
    assert points["a"].values.tolist() == [*range(1, 22), *range(23, 100)]
    assert points["bb"].values.tolist() == [*range(1, 21), *range(22, 100)]


def test_turns_of_several_lengths_keep_their_order(tmp_path: Path) -> None:
    steps = [*range(100, 120), *range(200, 220), *range(100, 120)]
    path = tmp_path / NAME
    path.write_bytes(
        b"".join(framed(event(summary(simple(tag, step)), step)) for step in steps for tag in ("a", "bb"))
    )
    points = points_by_tag(read_all(TfEventsSource((path,))))
    assert points["a"].steps.tolist() == points["bb"].values.tolist() == steps
    assert points["bb"].order.tolist() == list(range(1, 120, 2))


@pytest.mark.parametrize("place", range(HEADER_BYTES))
def test_a_damaged_header_in_a_loop_ends_the_walk(place: int) -> None:
    turn = framed(b"one") + framed(b"other")
    content = bytearray(turn * 3000)
    walker = FrameWalker()
    assert len(walker.walk(bytes(content)).begins) == 6000
    content[2500 * len(turn) + place] ^= 1
    frames = walker.walk(bytes(content))
    assert (len(frames.begins), frames.end, frames.needed) == (5000, 2500 * len(turn), 0)


def test_a_loop_of_other_tags_of_the_same_lengths_is_told_apart(tmp_path: Path) -> None:
    order = ["a", "b"] * 30 + ["b", "a"] * 30
    path = tmp_path / NAME
    path.write_bytes(b"".join(framed(event(summary(simple(tag, n)), 5)) for n, tag in enumerate(order)))
    points = points_by_tag(read_all(TfEventsSource((path,))))
    assert points["a"].values.tolist() == [n for n, tag in enumerate(order) if tag == "a"]
    assert points["b"].order.tolist() == [n for n, tag in enumerate(order) if tag == "b"]
