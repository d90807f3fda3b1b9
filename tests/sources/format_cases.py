"""A small file of each format, for the tests that every format has to pass."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.sources import databases, event_writer, wandb_writer


@dataclass(frozen=True)
class Case:
    """How a file of one format is written: a loss at each step.

    Attributes:
        file_name: Its name.
        record: Bytes that log a loss at a step.
        begin: What stands before the records.
        end: What stands after them; a file with an end is rewritten whole by its trainer.
        between: What stands between two records.
        bad: A damaged record, or b"" where damage spoils the whole file.
        huge: Makes a record that is too large to be one; None where there is no such limit.
        tag: The name of the loss.
        make: Writes a whole file that is no row of records; None where the above do.
    """

    file_name: str
    record: Callable[[int, float], bytes]
    begin: bytes = b""
    end: bytes = b""
    between: bytes = b""
    bad: bytes = b""
    huge: Callable[[], bytes] | None = None
    tag: str = "loss"
    make: Callable[[Iterable[tuple[int, float]]], bytes] | None = None

    def written(self, losses: Iterable[tuple[int, float]]) -> bytes:
        """Return the file that holds these steps and losses."""
        if self.make is not None:
            return self.make(losses)
        return self.begin + self.between.join(self.record(*each) for each in losses) + self.end


def _row(step: int, loss: float) -> bytes:
    return json.dumps({"step": step, "loss": loss, **({"lr": 0.5} if step % 2 else {})}).encode()


def _damaged_frame() -> bytes:
    frame = bytearray(event_writer.scalar("loss", 5, 5.0))
    frame[len(frame) // 2] ^= 4
    return bytes(frame)


def _long_frame() -> bytes:
    size = 65 << 20
    length = struct.pack("<Q", size)
    return length + event_writer.masked(length) + bytes(size + 4)


def _history(step: int, loss: float) -> bytes:
    """Return a frame of history; all of a small file lies in the first block."""
    content = wandb_writer.history({"_step": str(step), "loss": json.dumps(loss)}, step=step)
    return _wandb_frame(content)


def _wandb_frame(content: bytes, damage: int = 0) -> bytes:
    checksum = zlib.crc32(b"\x01" + content) ^ damage
    return struct.pack("<IHB", checksum, len(content), 1) + content


def _no_record(step: int, loss: float) -> bytes:
    raise NotImplementedError(f"a database is no row of records: {step}, {loss}")


CASES = {
    "tfevents": Case(
        "events.out.tfevents.1700000000.host.1.0",
        lambda step, loss: event_writer.scalar("loss", step, loss),
        begin=event_writer.version(),
        bad=_damaged_frame(),
        huge=_long_frame,
    ),
    "jsonl": Case(
        "metrics.jsonl",
        lambda step, loss: _row(step, loss) + b"\n",
        bad=b'{"step": 5, "loss": \n',
        huge=lambda: b'{"step": 5, "note": "%s"}\n' % (b"x" * (9 << 20)),
    ),
    "csv": Case(
        "metrics.csv",
        lambda step, loss: f"{step},{loss},{0.5 if step % 2 else ''}\r\n".encode(),
        begin=b"step,loss,lr\r\n",
        bad=b"5,1.5,0.5,7,1.25,\xff\r\n",
        huge=lambda: b"5,%s,\r\n" % (b"1" * (9 << 20)),
    ),
    "wandb": Case(
        "run-abc.wandb",
        _history,
        begin=wandb_writer.HEADER,
        bad=_wandb_frame(wandb_writer.history({"loss": "5"}, step=5), damage=1),
    ),
    "text": Case(
        "train.log",
        lambda step, loss: f"2026-02-28 16:46:59,123 - INFO - step {step}/1000 | loss: {loss}\n".encode(),
    ),
    "mlflow-sqlite": Case("mlflow.db", _no_record, make=databases.mlflow),
    "trackio": Case("digits.db", _no_record, make=databases.trackio),
    "mlflow": Case(
        "metrics/loss",
        lambda step, loss: f"{1_700_000_000_000 + step} {loss} {step}\n".encode(),
        bad=b"1700000000005 5.x 5\n",
        huge=lambda: b"1700000000005 %s 5\n" % (b"1" * 5000),
    ),
    "hf": Case(
        "trainer_state.json",
        _row,
        begin=b'{"global_step": 1, "max_steps": 1000, "log_history": [',
        end=b"]}",
        between=b", ",
    ),
}
