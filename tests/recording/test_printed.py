from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tuimon.recording.printed import PrintedMetrics
from tuimon.sources.rows import Row

NOW = 1_700_000_000.0
PRINTED = b"".join(
    [
        b"loading data\n",
        *(b"step %d/40 | loss %.4f | lr 3.0e-04\n" % (step, 3 / step) for step in range(1, 21)),
        b'{"step": 20, "eval_loss": 0.5, "time": 1600000000.5}\n',
        b"2026-02-28 16:46:59,123 - WARNING - Loss is NaN at step 12\n",
        b"Traceback (most recent call last):\n",
        b'  File "train.py", line 3, in <module>\n',
        b"RuntimeError: CUDA out of memory. Tried to allocate 2 GiB\n",
    ]
)


def taken(pieces: list[bytes]) -> list[Row]:
    metrics = PrintedMetrics()
    return [row for piece in pieces for row in metrics.take(piece, NOW)] + metrics.finish(NOW)


def test_metrics_objects_warnings_and_failures_become_rows() -> None:
    rows = taken([PRINTED])
    losses = [row for row in rows if "loss" in row]
    assert losses[0] == {"step": 1, "time": NOW, "loss": 3.0, "lr": 3e-4}
    assert [row["step"] for row in losses] == list(range(1, 21))
    assert {"step": 20, "time": 1600000000.5, "eval_loss": 0.5} in rows
    assert [row["message"] for row in rows if row.get("level") == "warning"] == [
        "2026-02-28 16:46:59,123 - WARNING - Loss is NaN at step 12"
    ]
    failure = "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB"
    assert [row["message"] for row in rows if row.get("event") == "error"] == [failure]
    assert {"time": NOW, "config": {"total_steps": 40}} in rows


@settings(max_examples=30)
@given(st.lists(st.integers(0, len(PRINTED)), max_size=8))
def test_the_pieces_of_the_output_do_not_matter(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(PRINTED)]
    pieces = [PRINTED[a:b] for a, b in pairwise(places)]
    assert sorted(map(str, taken(pieces))) == sorted(map(str, taken([PRINTED])))


def test_lines_are_put_together_for_each_stream() -> None:
    metrics = PrintedMetrics()
    rows: list[Row] = []
    for step in range(1, 6):
        rows += metrics.take(b"step %d | lo" % step, NOW, 1)
        rows += metrics.take(b"\r 5%|#   | it", NOW, 2)
        rows += metrics.take(b"ss %.1f\n" % (1 / step), NOW, 1)
    assert [row["loss"] for row in rows] == [1.0, 0.5, 0.3, 0.2, 0.2]


def test_hostile_output_is_survived() -> None:
    pieces = [b"\0\xff\x1b[2J" * 100, b"{" * 100_000, b'\n{"loss": ' + b"[" * 5000 + b"\n", b"x" * (3 << 20)]
    assert all("loss" not in row for row in taken(pieces))
