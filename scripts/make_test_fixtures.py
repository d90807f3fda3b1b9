"""Make the event files of tests/fixtures/tfevents with TensorBoard's and PyTorch's own code.

Beside each event file stands what TensorBoard's reader makes of it, as JSON. The committed files were made
with the versions that stand in that JSON. The tests need neither library; to make the files anew:

    pip install "tuimon[samples]"
    python scripts/make_test_fixtures.py
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tensorboard
import torch
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram import summary_v2 as histogram_v2
from tensorboard.plugins.image.metadata import create_summary_metadata as image_metadata
from tensorboard.plugins.pr_curve.metadata import create_summary_metadata as curve_metadata
from tensorboard.plugins.scalar import summary_v2 as scalar_v2
from tensorboard.plugins.scalar.metadata import create_summary_metadata as scalar_metadata
from tensorboard.plugins.text import summary_v2 as text_v2
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto
from torch.utils.tensorboard import summary as torch_summary

FOLDER = Path(__file__).parent.parent / "tests" / "fixtures" / "tfevents"
START_S = 1700000000.0
STEPS = range(0, 300, 5)


def main() -> None:
    """Write the event files and what TensorBoard reads in them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for index, (name, events) in enumerate({"torch": torch_events(), "tensorflow2": tf2_events()}.items()):
        path = FOLDER / f"events.out.tfevents.{START_S + index:.0f}.{name}.7.{index}"
        write(path, events)
        made_with = {"tensorboard": tensorboard.__version__, "torch": torch.__version__}
        content = {"made_with": made_with, "values": read_back(path)}
        path.with_name(f"{name}.json").write_text(json.dumps(content) + "\n")
        print(f"{path.name}: {path.stat().st_size} bytes")


def write(path: Path, events: Iterator[Event]) -> None:
    """Write events as an event file; the time is that of the step."""
    with path.open("wb") as stream:
        writer = RecordWriter(stream)
        for event in (Event(file_version="brain.Event:2"), *events):
            event.wall_time = START_S + max(0, event.step) * 0.5
            writer.write(event.SerializeToString())


def torch_events() -> Iterator[Event]:
    """Yield what PyTorch's SummaryWriter writes."""
    random = np.random.default_rng(1)
    parameters = {"lr": 3e-4, "batch_size": 32, "optimizer": "adamw", "amp": True}
    for part in torch_summary.hparams(parameters, {"hparam/loss": 0.5}):
        yield Event(summary=part)
    yield Event(summary=torch_summary.text("config", "# A run\nwith *text*"))
    for step in STEPS:
        loss = 3.0 / (1 + step) if step != 40 else float("nan")
        yield Event(step=step, summary=torch_summary.scalar("train/loss", loss))
        yield Event(step=step, summary=torch_summary.scalar("train/lr", 1e-3 * step, new_style=True))
        exact = torch_summary.scalar("train/exact", 0.1 * step, new_style=True, double_precision=True)
        yield Event(step=step, summary=exact)
        if step % 100 == 0:
            weights = random.normal(step, 1, 500)
            yield Event(
                step=step, summary=torch_summary.histogram("weights", weights, np.linspace(-3, 300, 304))
            )
            yield Event(step=step, summary=torch_summary.histogram_raw("raw", **raw_histogram()))
    image = Summary.Image(height=2, width=3, colorspace=3, encoded_image_string=png(3, 2))
    yield Event(step=7, summary=Summary(value=[Summary.Value(tag="sample", image=image)]))
    audio = Summary.Audio(sample_rate=8000, num_channels=1, encoded_audio_string=b"RIFF")
    yield Event(step=7, summary=Summary(value=[Summary.Value(tag="sound", audio=audio)]))
    yield Event(step=-3, summary=torch_summary.scalar("negative/step", 2.5))
    together = [Summary.Value(tag=f"together/{name}", simple_value=n) for n, name in enumerate("ab")]
    for step in range(5):
        yield Event(step=step, summary=Summary(value=together))


def tf2_events() -> Iterator[Event]:
    """Yield what TensorFlow 2 writes: tensors; the plug-in stands only in the first record of a tag."""
    yield Event(step=0, session_log=SessionLog(status=SessionLog.START))
    yield Event(graph_def=b"\x0a\x00")
    random = np.random.default_rng(2)
    dtypes = (np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.bool_)
    for step in STEPS:
        summary = scalar_v2.scalar_pb("epoch_loss", 2.0 / (1 + step))
        if step:
            summary.value[0].ClearField("metadata")
        else:
            summary.value[0].metadata.display_name = "Loss"
        yield Event(step=step, summary=as_content(summary))
    for step, dtype in enumerate(dtypes):
        tensor = make_tensor_proto(np.array(step % 2 + 1).astype(dtype))
        value = Summary.Value(
            tag=f"number/{np.dtype(dtype).name}", tensor=tensor, metadata=scalar_metadata("", "")
        )
        yield Event(step=step, summary=Summary(value=[value]))
        yield Event(step=step + 100, summary=as_content(Summary(value=[value])))
    one = Summary.Value(tag="one/element", tensor=make_tensor_proto(np.array([4.5], np.float32)))
    yield Event(step=3, summary=Summary(value=[one]))
    for step in range(3):
        summary = histogram_v2.histogram_pb("weights", random.normal(0, 1 + step, 200), buckets=12)
        if step:
            summary.value[0].ClearField("metadata")
        yield Event(step=step, summary=as_content(summary))
    yield Event(step=4, summary=text_v2.text_pb("notes", "first"))
    yield Event(step=5, summary=text_v2.text_pb("notes", np.array([["a", "b"], ["c", "d"]])))
    strings = make_tensor_proto([b"3", b"2", png(3, 2), png(3, 2)])
    images = Summary.Value(tag="images", tensor=strings, metadata=image_metadata("", ""))
    yield Event(step=6, summary=Summary(value=[images]))
    numbers = make_tensor_proto(np.ones((6, 2), np.float32))
    curve = Summary.Value(tag="curve", tensor=numbers, metadata=curve_metadata("", "", 2))
    yield Event(step=7, summary=Summary(value=[curve]))


def as_content(summary: Summary) -> Summary:
    """Return the summary with its numbers as `tensor_content`, as TensorFlow itself writes them."""
    copy = Summary.FromString(summary.SerializeToString())
    tensor = copy.value[0].tensor
    numbers = make_ndarray(tensor)
    for name in ("float_val", "double_val", "int_val", "int64_val", "bool_val", "half_val"):
        tensor.ClearField(name)
    tensor.tensor_content = numbers.tobytes()
    return copy


def raw_histogram() -> dict[str, object]:
    """Return the arguments of a histogram whose bins were counted elsewhere."""
    return {
        "min": -1.0,
        "max": 2.0,
        "num": 6,
        "sum": 3.0,
        "sum_squares": 9.0,
        "bucket_limits": [-2.0, 0.0, 1.0, 1.7e308],
        "bucket_counts": [0.0, 1.0, 2.0, 3.0],
    }


def png(width: int, height: int) -> bytes:
    """Return a black image."""

    def part(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(height * (1 + width)))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


def read_back(path: Path) -> list[list[object]]:
    """Return tag, step and content of every value as TensorBoard reads it.

    TensorBoard turns what older writers wrote into tensors first: a number, left and right ends and counts
    of the bins of a histogram, or strings.
    """
    return [
        [value.tag, event.step, content_of(value)]
        for event in EventFileLoader(str(path)).Load()
        for value in event.summary.value
    ]


def content_of(value: Summary.Value) -> object:
    """Return a value as JSON; numbers as text, so that none loses precision."""
    if value.metadata.plugin_data.plugin_name == "hparams" or not value.HasField("tensor"):
        return None
    tensor = make_ndarray(value.tensor)
    if tensor.dtype == object:
        return [text.decode("latin-1") for text in tensor.ravel()]
    return str(float(tensor.ravel()[0])) if tensor.size == 1 else tensor.tolist()


if __name__ == "__main__":
    main()
