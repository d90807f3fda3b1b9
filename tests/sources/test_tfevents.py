"""TensorBoard event files: everything that they hold, by hand and as TensorBoard's own code wrote it."""

from __future__ import annotations

import gzip
import json
import math
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sources import event_truth
from tests.sources.event_writer import (
    START_S,
    event,
    field,
    frame,
    loop,
    number,
    scalar,
    simple,
    summary,
    tensor,
    varint,
    version,
)
from tests.sources.reading import Points, of_kind, points_by_tag, read_all
from tuimon.core.batch import (
    ConfigRecord,
    HistogramBatch,
    ImageRecord,
    LifecycleRecord,
    ScalarBatch,
    TextRecord,
)
from tuimon.sources.base import UNBOUNDED, Confidence, ReadBudget
from tuimon.sources.event_sniff import TfEventsFactory
from tuimon.sources.tfevents import TfEventsSource, host_of

NAME = "events.out.tfevents.1700000000.node17.42.0"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "tfevents"
NOT_READ = ("sound", "curve", "__run_graph__")
HEALTHY = Path(__file__).parents[2] / "sample_runs" / "healthy"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / NAME


def read(path: Path, *records: bytes) -> dict[str, Points]:
    """Write an event file and return its points; it must have no problems."""
    path.write_bytes(version() + b"".join(records))
    result = TfEventsSource((path,)).read(UNBOUNDED)
    assert result.problems == ()
    assert result.bytes_read == path.stat().st_size
    return points_by_tag(result.records)


def test_points_are_columns_in_the_order_of_writing(path: Path) -> None:
    points = read(path, *loop(range(500)))
    assert list(points) == ["train/loss", "train/lr"]
    rate = points["train/lr"]
    assert rate.order.tolist() == list(range(2, 1002, 2))
    assert rate.steps.tolist() == list(range(500))
    assert rate.wall_times.tolist() == [START_S + step for step in range(500)]
    assert rate.values.tolist() == [step + 0.25 for step in range(500)]


def test_values_stay_as_precise_as_they_were_logged(path: Path) -> None:
    double = tensor("exact", number(2, struct.pack("<d", 0.1)), "scalars")
    path.write_bytes(
        version() + b"".join(frame(event(summary(simple("a", 0.1), double), s)) for s in range(9))
    )
    (batch,) = of_kind(read_all(TfEventsSource((path,))), ScalarBatch)
    assert batch.tags == ("a", "exact")
    assert [values.dtype.name for values in batch.values] == ["float32", "float64"]
    assert batch.values[1].tolist() == [0.1] * 9


@pytest.mark.parametrize("step", [-1, -(2**63), 0, 1, 127, 128, 2**31, 2**40, 2**63 - 1])
def test_every_step_is_read(path: Path, step: int) -> None:
    records = [scalar("x", step, n, wall_time=START_S) for n in range(6)]
    assert read(path, *records)["x"].steps.tolist() == [step] * 6


def test_steps_of_all_widths_in_any_order(path: Path) -> None:
    steps = np.random.default_rng(0).integers(-(2**20), 2**20, 400) >> np.arange(400) % 21
    records = [scalar("x", int(step), n, wall_time=n) for n, step in enumerate(steps)]
    points = read(path, *records)["x"]
    assert points.steps.tolist() == steps.tolist()
    assert points.wall_times.tolist() == points.values.tolist() == list(range(400))


def test_values_that_are_no_numbers_are_kept(path: Path) -> None:
    values = [math.nan, math.inf, -math.inf, 0.0, -0.0] * 3
    points = read(path, *(scalar("x", step, value) for step, value in enumerate(values)))
    np.testing.assert_array_equal(points["x"].values, values)


def test_many_tags_of_one_length_in_random_order(path: Path) -> None:
    random = np.random.default_rng(1)
    tags = [f"layer.{n:03}" for n in random.integers(0, 150, 3000)]
    points = read(path, *(scalar(tag, 5, n, wall_time=n) for n, tag in enumerate(tags)))
    for tag, found in points.items():
        assert found.values.tolist() == [n for n, name in enumerate(tags) if name == tag]


def test_tags_that_are_all_different_are_survived(path: Path) -> None:
    points = read(path, *(scalar(f"tag{n:05}", 1, n) for n in range(2000)))
    assert [found.values.tolist() for found in points.values()] == [[float(n)] for n in range(2000)]


def test_several_values_of_one_record_share_its_order(path: Path) -> None:
    values = summary(simple("a", 1), simple("b", 2), simple("a", 3))
    points = read(path, *(frame(event(values, step)) for step in range(1, 9)))
    assert points["a"].order.tolist() == [n for n in range(1, 9) for _ in "12"]
    assert points["a"].values.tolist() == [1, 3] * 8
    assert points["b"].order.tolist() == list(range(1, 9))


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (number(1, struct.pack("<f", 1.5)), 1.5),
        (number(2, struct.pack("<d", 0.1)), 0.1),
        (number(3, struct.pack("<i", -7)), -7),
        (number(4, b"\xff"), 255),
        (number(6, b"\xff"), -1),
        (number(9, struct.pack("<q", -(2**40))), -(2**40)),
        (number(10, b"\1"), 1),
        (number(14, struct.pack("<f", -2.5)[2:]), -2.5),
        (number(17, b"\xff\xff"), 65535),
        (number(19, struct.pack("<e", 0.5)), 0.5),
        (number(23, struct.pack("<Q", 2**63)), 2**63),
        (field(1, 1) + field(5, struct.pack("<f", 1.5)), 1.5),
        (field(1, 1) + field(5, struct.pack("<f", 1.5), 5), 1.5),
        (field(1, 2) + field(6, struct.pack("<d", 0.1)), 0.1),
        (field(1, 3) + field(7, -3), -3),
        (field(1, 3) + field(7, varint(300)), 300),
        (field(1, 9) + field(10, -(2**40)), -(2**40)),
        (field(1, 10) + field(11, 1), 1),
        (field(1, 14) + field(13, 0xC020), -2.5),
        (field(1, 19) + field(13, 0x3800), 0.5),
        (field(1, 1) + field(2, field(2, field(1, 1))) + field(4, struct.pack("<f", 1.5)), 1.5),
    ],
)
def test_numbers_in_tensors_of_every_type(path: Path, content: bytes, value: float) -> None:
    first = frame(event(summary(tensor("x", content, "scalars"))))
    later = [frame(event(summary(tensor("x", content)), step)) for step in range(1, 7)]
    assert read(path, first, *later)["x"].values.tolist() == [value] * 7


def test_other_plugins_keep_their_single_numbers(path: Path) -> None:
    content = number(1, struct.pack("<f", 1.5))
    path.write_bytes(version() + frame(event(summary(tensor("x", content, "mesh")))) * 5)
    source = TfEventsSource((path,))
    assert points_by_tag(read_all(source)) == {}
    assert source.others == {"mesh": 5}


def test_hyper_parameters_of_every_kind(path: Path) -> None:
    def entry(name: str, value: bytes) -> bytes:
        return field(1, field(1, name) + field(2, value))

    nested = field(5, entry("beta", field(2, struct.pack("<d", 0.9), 1)) + entry("name", field(3, "adam")))
    several = field(6, field(1, field(4, 1)) + field(1, field(3, "é")))
    session = b"".join(
        [
            entry("layers", field(2, struct.pack("<d", 12.0), 1)),
            entry("amp", field(4, 1)),
            entry("seed", field(1, 0)),
            entry("optimizer", nested),
            entry("list", several),
        ]
    )
    metadata = field(9, field(1, field(1, "hparams") + field(2, field(3, session))))
    path.write_bytes(version() + frame(event(summary(field(1, "_hparams_/session_start_info") + metadata))))
    (config,) = of_kind(read_all(TfEventsSource((path,))), ConfigRecord)
    assert config.values == {
        "layers": 12,
        "amp": True,
        "seed": None,
        "optimizer.beta": 0.9,
        "optimizer.name": "adam",
        "list": '[true, "é"]',
    }


def test_hyper_parameters_nested_without_end_are_a_problem(path: Path) -> None:
    value = field(3, "end")
    for _ in range(100):
        value = field(6, field(1, value))
    session = field(3, field(1, field(1, "deep") + field(2, value)))
    metadata = field(9, field(1, field(1, "hparams") + field(2, session)))
    path.write_bytes(version() + frame(event(summary(field(1, "x") + metadata))) + scalar("y", 1, 2))
    result = TfEventsSource((path,)).read(UNBOUNDED)
    assert [problem.offset for problem in result.problems] == [len(version())]
    assert list(points_by_tag(result.records)) == ["y"]


def test_a_file_says_who_writes_it(path: Path) -> None:
    path.write_bytes(version(START_S - 5) + scalar("x", 1, 2))
    (writer,) = of_kind(read_all(TfEventsSource((path,))), LifecycleRecord)
    assert writer == LifecycleRecord("writer", 0, None, START_S - 5, host="node17")


def test_a_file_without_its_first_record_has_a_writer_too(path: Path) -> None:
    path.write_bytes(scalar("x", 1, 2))
    (writer,) = of_kind(read_all(TfEventsSource((path,))), LifecycleRecord)
    assert writer == LifecycleRecord("writer", 0, None, START_S + 1, host="node17")


def test_a_resumed_session_is_a_writer_and_a_checkpoint_is_one(path: Path) -> None:
    started = frame(event(field(7, field(1, 1)), 7))
    saved = frame(event(field(7, field(1, 3) + field(2, "model-9")), 9))
    stopped = frame(event(field(7, field(1, 2)), 9))
    path.write_bytes(version() * 2 + started + scalar("x", 8, 0) + saved + stopped)
    source = TfEventsSource((path,))
    found = of_kind(read_all(source), LifecycleRecord)
    assert [(record.kind, record.order, record.step, record.text or record.host) for record in found] == [
        ("writer", 0, None, "node17"),
        ("writer", 2, 7, "node17"),
        ("checkpoint", 4, 9, "model-9"),
    ]
    assert source.others == {"session": 1}


@pytest.mark.parametrize(
    ("name", "host"),
    [
        (NAME, "node17"),
        ("events.out.tfevents.1622543341.janoshs-mbp.lan.86862.3", "janoshs-mbp.lan"),
        ("events.out.tfevents.1621803136.korbinian.88058.13.v2", "korbinian"),
        ("events.out.tfevents.1621803136.korbinian.88058.13.v2.gz", "korbinian"),
        ("events.out.tfevents.1621803136.10.0.0.5.88058.13", "10.0.0.5"),
        ("events.out.tfevents.1621803136.node.88058.13.my_run", "node"),
        ("events.out.tfevents.1585769947.cvp", "cvp"),
        ("my.tfevents", ""),
    ],
)
def test_the_name_tells_the_host(name: str, host: str) -> None:
    assert host_of(name) == host


def test_files_are_read_from_the_oldest_on(tmp_path: Path) -> None:
    names = [f"events.out.tfevents.{when}.host.1.0" for when in (999, 1000, 1001)]
    for n, name in enumerate(names):
        (tmp_path / name).write_bytes(version(n) + scalar("x", 10 - n, n))
    source = TfEventsSource((tmp_path / names[2], tmp_path / names[1]))
    source.add_paths((tmp_path / names[0], tmp_path / names[1]))
    result = source.read(UNBOUNDED)
    assert points_by_tag(result.records)["x"].steps.tolist() == [10, 9, 8]
    assert [writer.wall_time for writer in of_kind(result.records, LifecycleRecord)] == [0, 1, 2]
    assert result.bytes_read == source.total_bytes
    source.close()


def test_a_file_that_comes_later_goes_on_in_order(tmp_path: Path) -> None:
    first, second = tmp_path / NAME, tmp_path / NAME.replace("1700", "1800")
    first.write_bytes(version() + scalar("x", 1, 1))
    source = TfEventsSource((first,))
    read_all(source)
    second.write_bytes(version() + scalar("x", 2, 2))
    source.add_paths((second, first))
    assert points_by_tag(read_all(source))["x"].order.tolist() == [3]


@pytest.mark.parametrize(
    ("name", "head", "confidence"),
    [
        (NAME, version(), Confidence.CERTAIN),
        ("renamed.bin", version(), Confidence.CERTAIN),
        (NAME, b"", Confidence.LIKELY),
        (NAME, version()[:-1], Confidence.POSSIBLE),
        (NAME, b"junk" * 100, Confidence.POSSIBLE),
        (NAME, frame(b"\xff\xff"), Confidence.POSSIBLE),
        (NAME + ".gz", gzip.compress(version(), mtime=0), Confidence.CERTAIN),
        (NAME + ".gz", gzip.compress(version(), mtime=0)[:-8], Confidence.CERTAIN),
        (NAME + ".gz", version(), Confidence.POSSIBLE),
        ("._" + NAME, version(), Confidence.NO),
        (NAME + ":Zone.Identifier", b"[ZoneTransfer]", Confidence.NO),
        ("metrics.jsonl", b'{"loss": 1}', Confidence.NO),
        (NAME, b"version https://git-lfs.github.com/spec/v1\noid sha256:0", Confidence.NO),
    ],
)
def test_event_files_are_recognised(name: str, head: bytes, confidence: Confidence) -> None:
    assert TfEventsFactory().sniff(Path(name), head).confidence is confidence


def test_a_git_lfs_pointer_is_called_so() -> None:
    sniff = TfEventsFactory().sniff(Path(NAME), b"version https://git-lfs.github.com/spec/v1\n")
    assert sniff.reason == "Git LFS pointer: run git lfs pull"


def test_the_factory_opens_a_source(path: Path) -> None:
    path.write_bytes(version() + scalar("x", 1, 2))
    source = TfEventsFactory().open((path,))
    assert source.format == TfEventsFactory.format == "tfevents"
    assert list(points_by_tag(read_all(source))) == ["x"]


@pytest.mark.parametrize("name", ["torch", "tensorflow2"])
@pytest.mark.parametrize("max_bytes", [64, 5000, 1 << 40])
def test_agreement_with_tensorboard(name: str, max_bytes: int) -> None:
    (path,) = FIXTURES.glob(f"events.*.{name}.*")
    expected = json.loads((FIXTURES / f"{name}.json").read_text())["values"]
    records = read_all(TfEventsSource((path,)), ReadBudget(max_bytes))
    found = _by_tag_and_step(records)
    for tag, step, value in expected:
        if value is None or tag in NOT_READ:
            continue
        if isinstance(value[0], list):  # TensorBoard rounds the bins of a histogram to float32
            np.testing.assert_allclose(found.pop((tag, step)), value, rtol=1e-6)
        else:
            assert found.pop((tag, step)) == value, (tag, step)
    assert found == {}


def _by_tag_and_step(records: list[Any]) -> dict[tuple[str, int], Any]:
    """Return values in the form of the JSON beside the event files."""
    found: dict[tuple[str, int], Any] = {}
    for tag, points in points_by_tag(records).items():
        found |= {
            (tag, step): str(value)
            for step, value in zip(points.steps.tolist(), points.values.tolist(), strict=True)
        }
    for batch in of_kind(records, HistogramBatch):
        for step, edges, counts in zip(batch.steps.tolist(), batch.edges, batch.counts, strict=True):
            found[batch.tag, step] = [list(bin_) for bin_ in zip(edges, edges[1:], counts, strict=False)]
    for text in of_kind(records, TextRecord):
        found[text.tag, text.step] = text.text.split("\n") if text.tag == "notes" else [text.text]
    for image in of_kind(records, ImageRecord):
        sizes = [str(image.width), str(image.height)]
        found.setdefault((image.tag, image.step), sizes).append(image.content.read(1 << 20).decode("latin-1"))
    return found


def test_the_rest_of_what_tensorboard_wrote() -> None:
    source = TfEventsSource(tuple(FIXTURES.glob("events.*")))
    records = read_all(source)
    assert source.others == {"hparams": 2, "audio": 1, "graph": 1, "pr_curves": 1}
    (config,) = of_kind(records, ConfigRecord)
    assert config.values == {"lr": 3e-4, "batch_size": 32, "optimizer": "adamw", "amp": True}
    assert [(record.kind, record.host) for record in of_kind(records, LifecycleRecord)] == [
        ("writer", "torch"),
        ("writer", "tensorflow2"),
        ("writer", "tensorflow2"),
    ]


def test_histograms_of_a_tag_are_one_batch_per_block() -> None:
    (path,) = FIXTURES.glob("events.*.tensorflow2.*")
    (batch,) = of_kind(read_all(TfEventsSource((path,))), HistogramBatch)
    assert batch.steps.tolist() == [0, 1, 2]
    assert (np.diff(batch.order) > 0).all()
    assert [(len(edges), len(counts), counts.sum()) for edges, counts in zip(batch.edges, batch.counts)] == [  # noqa: B905 lengths are compared
        (13, 12, 200)
    ] * 3


def test_the_healthy_sample_run_is_read_whole() -> None:
    source = TfEventsSource(tuple(HEALTHY.iterdir()))
    result = source.read(UNBOUNDED)
    assert result.problems == ()
    points = points_by_tag(result.records)
    assert points["Training/Loss"].steps.tolist() == list(range(1, 874))
    assert np.isfinite(points["Training/Loss"].values).all()
    assert of_kind(result.records, HistogramBatch)
    assert of_kind(result.records, TextRecord)


def test_a_hundred_thousand_points_take_a_moment(path: Path) -> None:
    records = loop(range(1000), tuple(f"tag{n}" for n in range(10)))
    path.write_bytes(version() + b"".join(records) * 10)
    begin_s = time.process_time()
    found = points_by_tag(read_all(TfEventsSource((path,))))
    # Parsing them one by one takes over two seconds.
    assert time.process_time() - begin_s < 0.6
    assert sum(len(points.values) for points in found.values()) == 100_000


@pytest.mark.shared
def test_real_files_agree_with_the_reference_reader(capsys: pytest.CaptureFixture[str]) -> None:
    compared, wrong = 0, []
    files: dict[Path, dict[str, Any]] = event_truth.event_files()
    for path, entry in files.items():
        records = read_all(TfEventsSource((path,)))
        count, faults = event_truth.disagreements(path, entry, records)
        compared += count
        wrong += faults
    with capsys.disabled():
        print(f"\nEvent files: {compared - len(wrong)} of {compared} series in {len(files)} files agree")  # noqa: T201 the count is the result
    assert not wrong
    assert compared > 150
