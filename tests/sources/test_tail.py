"""Files that grow, shrink, are replaced, vanish and hold anything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuimon.core.batch import Problem
from tuimon.sources.tail import Lines, LineTail
from tuimon.sources.tailed_file import ProblemOver, TailedFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log"


def append(path: Path, more: bytes) -> None:
    with path.open("ab") as file:
        file.write(more)


def drain(tail: TailedFile, max_bytes: int = 1 << 20) -> bytes:
    found = b""
    while True:
        chunk = tail.read(max_bytes)
        assert chunk.problem is None or isinstance(chunk.problem, ProblemOver)
        found += chunk.data
        if not chunk.more:
            return found


def lines_of(tail: LineTail, max_bytes: int = 1 << 20) -> tuple[list[bytes], list[Problem]]:
    lines: list[bytes] = []
    problems: list[Problem] = []
    while True:
        found = tail.read(max_bytes)
        lines += found.lines
        problems += found.problems
        assert len(found.lines) == len(found.offsets)
        if not found.more:
            return lines, problems


def is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def test_blocks_follow_each_other(path: Path) -> None:
    path.write_bytes(b"0123456789")
    tail = TailedFile(path)
    chunks = [tail.read(4) for _ in range(3)]
    assert [(c.data, c.offset, c.more) for c in chunks] == [
        (b"0123", 0, True),
        (b"4567", 4, True),
        (b"89", 8, False),
    ]
    assert tail.size == 10


def test_only_what_was_appended_is_read(path: Path) -> None:
    path.write_bytes(b"first")
    tail = TailedFile(path)
    assert drain(tail) == b"first"
    assert drain(tail) == b""
    append(path, b" second")
    assert drain(tail) == b" second"


def test_no_file_stays_open(path: Path) -> None:
    path.write_bytes(b"0123456789")
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("needs /proc")
    before = len(list(descriptors.iterdir()))
    tails = [TailedFile(path) for _ in range(50)]
    for tail in tails:
        assert tail.read(4).more
    assert len(list(descriptors.iterdir())) == before


def test_quiet_files_are_opened_seldom(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"quiet")
    tail = TailedFile(path)
    drain(tail)
    opened: list[object] = []
    real_open = os.open

    def counting(place: Path, flags: int) -> int:
        opened.append(place)
        return real_open(place, flags)

    monkeypatch.setattr(os, "open", counting)
    assert [tail.read().data for _ in range(80)] == [b""] * 80
    assert len(opened) == 10


def test_the_file_is_only_read(path: Path) -> None:
    path.write_bytes(b"0123456789")
    os.utime(path, ns=(10**9, 10**9))
    drain(TailedFile(path))
    assert path.stat().st_mtime_ns == 10**9
    assert path.stat().st_atime_ns == 10**9


def test_a_shorter_file_is_read_again(path: Path) -> None:
    path.write_bytes(b"a long text")
    tail = TailedFile(path)
    drain(tail)
    os.truncate(path, 6)
    chunk = tail.read()
    assert (chunk.data, chunk.offset, chunk.new_generation) == (b"a long", 0, True)
    assert chunk.problem is not None
    assert "shorter" in chunk.problem.message
    assert tail.read().problem is None


@pytest.mark.parametrize("content", [b"other text.", b"other text that is longer", b"less"])
def test_a_replaced_file_is_read_from_its_start(path: Path, content: bytes) -> None:
    path.write_bytes(b"a long text")
    tail = TailedFile(path)
    drain(tail)
    other = path.with_name("other")
    other.write_bytes(content)
    other.rename(path)
    chunk = tail.read()
    assert (chunk.data, chunk.new_generation) == (content, True)
    assert chunk.problem is not None
    assert "replaced" in chunk.problem.message


def test_a_copy_that_is_renamed_over_the_file_goes_on(path: Path) -> None:
    path.write_bytes(b"a long text")
    tail = TailedFile(path)
    drain(tail)
    copy = path.with_name("copy")
    copy.write_bytes(b"a long text and more")
    copy.rename(path)
    chunk = tail.read()
    assert (chunk.data, chunk.new_generation, chunk.problem) == (b" and more", False, None)


@pytest.mark.parametrize("content", [b"A long text", b"A long text and more", b"a long TEXT and more"])
def test_a_file_rewritten_in_place_is_read_again(path: Path, content: bytes) -> None:
    path.write_bytes(b"a long text")
    tail = TailedFile(path)
    drain(tail)
    path.write_bytes(content)
    os.utime(path, ns=(1, 1))
    chunk = tail.read()
    assert (chunk.data, chunk.new_generation) == (content, True)
    assert chunk.problem is not None
    assert "rewritten" in chunk.problem.message


def test_a_rewritten_file_with_the_same_begin_is_found_out(path: Path) -> None:
    path.write_bytes(b"header " * 20 + b"one")
    tail = TailedFile(path)
    drain(tail)
    path.write_bytes(b"header " * 20 + b"two, three")
    assert tail.read().new_generation


def test_a_new_generation_is_said_by_the_read_that_succeeds(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"a long text")
    tail = TailedFile(path)
    drain(tail)
    path.write_bytes(b"new")
    real_pread = os.pread

    def failing(descriptor: int, size: int, offset: int) -> bytes:
        if size == 3:
            raise OSError(5, "Input/output error")
        return real_pread(descriptor, size, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing)
        chunk = tail.read()
        assert chunk.problem is not None
        assert not chunk.new_generation
    chunk = tail.read()
    assert (chunk.data, chunk.new_generation) == (b"new", True)


def test_a_vanished_file_is_said_once_and_goes_on_when_it_is_back(path: Path) -> None:
    path.write_bytes(b"one")
    tail = TailedFile(path)
    drain(tail)
    away = path.with_name("away")
    path.rename(away)
    problems = [tail.read().problem for _ in range(3)]
    assert problems[0] is not None
    assert "gone" in problems[0].message
    assert problems[1:] == [None, None]
    append(away, b" two")
    away.rename(path)
    assert drain(tail) == b" two"
    path.unlink()
    assert tail.read().problem == problems[0]


def test_a_file_may_come_later(path: Path) -> None:
    tail = TailedFile(path)
    problem = tail.read().problem
    assert problem == Problem(str(path), "does not exist")
    assert tail.read().problem is None
    path.write_bytes(b"here")
    assert drain(tail) == b"here"


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(116, "Stale file handle")]
)
def test_an_error_is_said_once_and_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    path.write_bytes(b"text")
    tail = TailedFile(path)

    def refuse(*_: object) -> int:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        problems = [tail.read().problem for _ in range(3)]
    assert [problem is None for problem in problems] == [False, True, True]
    assert drain(tail) == b"text"


def test_what_is_no_regular_file_is_not_read(path: Path) -> None:
    os.mkfifo(path)
    for place in (path, path.parent):
        problem = TailedFile(place).read().problem
        assert problem is not None
        assert "not a regular file" in problem.message
    problem = TailedFile(Path("a\0b")).read().problem
    assert problem is not None


def test_bytes_can_be_put_back_until_the_file_changes(path: Path) -> None:
    path.write_bytes(b"whole part")
    tail = TailedFile(path)
    assert drain(tail) == b"whole part"
    tail.reread_from(6)
    assert [tail.read().data for _ in range(20)] == [b""] * 20
    append(path, b"ly")
    assert drain(tail) == b"partly"


def test_put_back_bytes_may_change_in_place(path: Path) -> None:
    path.write_bytes(b"written\0\0\0")
    tail = TailedFile(path)
    drain(tail)
    tail.reread_from(7)
    path.write_bytes(b"written on")
    os.utime(path, ns=(1, 1))
    chunk = tail.read()
    assert (chunk.data, chunk.offset, chunk.new_generation) == (b" on", 7, False)


def test_a_record_is_read_whole(path: Path) -> None:
    path.write_bytes(bytes(9 << 20))
    chunk = TailedFile(path).read(10, whole_bytes=8 << 20)
    assert (len(chunk.data), chunk.more) == (8 << 20, True)


def test_lines_have_their_offsets(path: Path) -> None:
    path.write_bytes(b"one\ntwo\r\n\r\nthree\rfour\n")
    found = LineTail(path).read()
    assert found == Lines([b"one", b"two", b"three", b"four"], [0, 4, 11, 17], bytes_read=22)


def test_a_line_waits_for_its_end(path: Path) -> None:
    path.write_bytes(b"one\ntw")
    tail = LineTail(path)
    assert tail.read().lines == [b"one"]
    append(path, b"o")
    assert tail.read().lines == []
    append(path, b"\nthr")
    found = tail.read()
    assert (found.lines, found.offsets) == ([b"two"], [4])


def test_a_last_line_that_is_complete_is_taken_once(path: Path) -> None:
    path.write_bytes(b'{"a": 1}\n{"b": ')
    tail = LineTail(path, complete_last=is_object)
    assert tail.read().lines == [b'{"a": 1}']
    append(path, b"2}")
    found = tail.read()
    assert (found.lines, found.offsets) == ([b'{"b": 2}'], [9])
    append(path, b'\n{"c": 3}\n')
    found = tail.read()
    assert (found.lines, found.offsets) == ([b'{"c": 3}'], [18])


def test_a_byte_order_mark_is_left_out(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n")
    assert lines_of(LineTail(path), 1)[0] == [b"{}", b"\xef\xbb\xbf{}"]
    path.write_bytes(b"\xef\xbb\xbf{}")
    assert lines_of(LineTail(path, complete_last=is_object))[0] == [b"{}"]


@pytest.mark.parametrize("max_bytes", [7, 1000])
def test_long_lines_are_skipped(path: Path, max_bytes: int) -> None:
    path.write_bytes(b"one\n" + b"x" * 100 + b"\ntwo\n" + b"y" * 100)
    tail = LineTail(path, max_line_bytes=20)
    lines, problems = lines_of(tail, max_bytes)
    append(path, b"yyy\nthree\n")
    more_lines, more_problems = lines_of(tail, max_bytes)
    assert lines + more_lines == [b"one", b"two", b"three"]
    assert [problem.offset for problem in problems + more_problems] == [4, 109]
    assert tail.tail.position == path.stat().st_size


def test_memory_stays_bounded_in_a_line_without_end(path: Path) -> None:
    path.write_bytes(b"x" * 5000)
    tail = LineTail(path, max_line_bytes=1000)
    assert len(lines_of(tail, 100)[1]) == 1
    assert tail._partial == b""


def test_a_hole_of_zeros_is_skipped_and_said(path: Path) -> None:
    path.write_bytes(b"one\ntw" + bytes(50) + b"three\n" + bytes(3) + b"four\n")
    lines, problems = lines_of(LineTail(path))
    assert lines == [b"one", b"tw", b"three", b"four"]
    assert [problem.offset for problem in problems] == [6]


def test_zeros_at_the_end_may_be_written_later(path: Path) -> None:
    path.write_bytes(b"one\ntw" + bytes(10))
    tail = LineTail(path)
    assert lines_of(tail) == ([b"one"], [])
    path.write_bytes(b"one\ntwo\nthree\n" + bytes(2))
    os.utime(path, ns=(1, 1))
    assert lines_of(tail) == ([b"two", b"three"], [])


def test_a_new_generation_forgets_the_unfinished_line(path: Path) -> None:
    path.write_bytes(b"one\nunfinished")
    tail = LineTail(path)
    tail.read()
    path.write_bytes(b"new\n")
    found = tail.read()
    assert (found.lines, found.offsets, found.new_generation) == ([b"new"], [0], True)


_PIECES = st.lists(
    st.one_of(st.sampled_from([b"\n", b"\r\n", b"\r", b"{}", b'{"a": 1}']), st.binary(max_size=12)),
    max_size=12,
)


@settings(max_examples=60)
@given(_PIECES, st.lists(st.integers(1, 30), max_size=6), st.integers(1, 40))
def test_lines_do_not_depend_on_how_the_bytes_come(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], cuts: list[int], max_bytes: int
) -> None:
    content = b"".join(pieces).replace(b"\0", b"0")
    path = tmp_path_factory.mktemp("lines") / "log"
    path.touch()
    tail = LineTail(path)
    found: list[bytes] = []
    for part in _cut(content + b"\n", cuts):
        append(path, part)
        found += lines_of(tail, max_bytes)[0]
    expected = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").split(b"\n")
    assert found == [line for line in expected if line]


def _cut(content: bytes, cuts: list[int]) -> Iterator[bytes]:
    for cut in cuts:
        yield content[:cut]
        content = content[cut:]
    yield content


def _write(path: Path, content: bytes) -> None:
    if path.is_dir():
        path.rmdir()
    path.write_bytes(content)


def _remove(path: Path, _: bytes) -> None:
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)


def _append(path: Path, content: bytes) -> None:
    if not path.is_dir():
        append(path, content)


def _cut_short(path: Path, content: bytes) -> None:
    if path.is_file():
        os.truncate(path, min(path.stat().st_size, len(content)))


def _become_folder(path: Path, content: bytes) -> None:
    _remove(path, content)
    path.mkdir()


_CHANGES: tuple[Callable[[Path, bytes], None], ...] = (_append, _write, _remove, _cut_short, _become_folder)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(_CHANGES), st.binary(max_size=40)), max_size=12))
def test_nothing_that_happens_to_a_file_raises_or_kills_it(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[Callable[[Path, bytes], None], bytes]]
) -> None:
    path = tmp_path_factory.mktemp("changes") / "log"
    tail = LineTail(path, max_line_bytes=30, complete_last=is_object)
    for change, content in changes:
        change(path, content)
        lines_of(tail, 16)
    _write(path, b"\n".join(b"%d" % number for number in range(100)) + b"\n")
    assert lines_of(tail, 16)[0][-2:] == [b"98", b"99"]


def test_a_last_line_that_is_cut_off_is_told_once_nobody_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n{"step": 2')
    tail = LineTail(path, complete_last=lambda line: line.endswith(b"}"))
    assert tail.read_block().problems == ()
    os.utime(path, (1e9, 1e9))
    (problem,) = [problem for _ in range(9) for problem in tail.read_block().problems]
    assert ("cut off" in problem.message, problem.offset) == (True, 12)
    path.write_bytes(b'{"step": 1}\n{"step": 2}\n')
    assert [bytes(line) for line in tail.read().lines] == [b'{"step": 2}']
