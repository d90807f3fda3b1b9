"""Feed each parser with hostile bytes for a while: `python -m scripts.fuzz [--minutes M] [--only FORMAT]`.

Good files of each format are damaged (bytes flipped, cut, repeated, swapped, mixed with those of others), and
read as they grow. What counts as a failure: an exception, a read that does not end, more than a second for a
file of a few kilobytes, more memory than a hundred times the file and 64 MiB, records that break the contract
(`order` that falls, columns of unequal length), and a problem without a path or a message.

The tests run the same for a few files of each format; ten minutes per parser is what a release is worth.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.sources.format_cases import CASES, Case
from tests.sources.log_samples import LOOPS, loop_line
from tuimon.core.batch import Record, ScalarBatch
from tuimon.sources.base import ReadBudget, ReadResult, SourceFactory
from tuimon.sources.registry import FACTORIES
from tuimon.store.run_store import RunStore

_FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
FUZZED = {
    **CASES,
    "config": Case(
        "args.yaml", lambda step, loss: f"key_{step}: {loss}\nnested:\n  {step}: [1, a]\n".encode()
    ),
}
"""A case of each format."""
# Good files that hold more than losses.
_FURTHER = {
    "tfevents": [path.read_bytes() for path in sorted(_FIXTURES.glob("tfevents/events.*"))],
    "wandb": [path.read_bytes() for path in sorted(_FIXTURES.glob("wandb/*.wandb"))],
    "text": [
        "".join(f"{loop_line(name, step, 1 / (step + 1))}\n" for step in range(600)).encode()
        for name in LOOPS
    ],
}
LONGEST_S = 1.0
_MOST_EXTRA_BYTES = 64 << 20
_TOKENS = (
    b"\0", b"\xff", b"\n", b"\r", b'"', b",", b"{", b"[", b"}", b"]", b":", b"-", b"e", b"NaN", b"null",
    b"1e999", b"\xed\xa0\x80", b"\x1b[2J", b"\xef\xbb\xbf", b"\\u0000", b"9" * 400, b"[" * 2000,
    b'{"a":' * 1000, b"," * 3000, b"step", b"loss: ", b"\x80" * 5, b"\x7f" * 8, b"\x82\x01",
    b"Traceback (most recent call last):\n",
)  # fmt: skip


class BrokenPromiseError(Exception):
    """A parser does what it must not."""


def main() -> None:
    """Fuzz every format, or one; the exit code is 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="for each parser (default: 1)")
    parser.add_argument("--only", metavar="FORMAT", choices=sorted(FUZZED))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    factories = {factory.format: factory for factory in FACTORIES}
    failed = False
    for name, case in FUZZED.items():
        if args.only in (None, name):
            failed |= not _fuzz(name, case, factories[name], args.minutes * 60, args.seed)
    sys.exit(failed)


def _fuzz(name: str, case: Case, factory: SourceFactory, seconds: float, seed: int) -> bool:
    end = time.monotonic() + seconds
    count, slowest = 0, 0.0
    while time.monotonic() < end:
        number = seed + count
        content = damaged(name, random.Random(number))
        begin = time.process_time()
        try:
            check(case, factory, content, random.Random(number))
        except Exception:  # noqa: BLE001  # whatever it is, it is what is looked for
            print(f"{name}: failed with seed {number}\n{traceback.format_exc()}")
            return False
        slowest = max(slowest, time.process_time() - begin)
        count += 1
    print(f"{name}: {count} files in {seconds:.0f} s, the slowest {slowest:.2f} s, nothing found")
    return True


def damaged(name: str, generator: random.Random) -> bytes:
    """Return a file of a format with some damage, the same for the same generator."""
    steps = generator.randrange(1, generator.choice((120, 120, 120, 900)))
    losses = ((step, generator.choice((1 / (step + 1), 1e30))) for step in range(steps))
    further = _FURTHER.get(name, [])
    whole = generator.choice([FUZZED[name].written(losses), *further[: generator.choice((0, len(further)))]])
    content = bytearray(whole)
    for _ in range(generator.choice((0, 1, 1, 2, 5, 20))):
        at = generator.randrange(len(content) + 1)
        length = generator.choice((0, 1, 2, 8, 100, 1000))
        kind = generator.randrange(6)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << generator.randrange(8)
        elif kind == 1:
            content[at:at] = generator.choice(_TOKENS)
        elif kind == 2:
            del content[at : at + length]
        elif kind == 3:
            content[at:at] = content[at : at + length] * generator.choice((1, 3, 50))
        elif kind == 4:
            content[at : at + length] = generator.randbytes(length)
        else:
            other = generator.choice(list(CASES.values()))
            content[at:at] = other.written(((1, 2.0), (2, 1.0)))[:length]
    return bytes(content)


def check(case: Case, factory: SourceFactory, content: bytes, generator: random.Random) -> None:
    """Read a file as it grows.

    Raises:
        BrokenPromiseError: The parser does what it must not.
    """
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / case.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        factory.sniff(path, content[:4096])
        source = factory.open((path,))
        cuts = sorted(generator.randrange(len(content) + 1) for _ in range(generator.randrange(4)))
        for cut in [*cuts, len(content)]:
            path.write_bytes(content[:cut])
            _read(source.read, generator.choice((64, 4096, 1 << 20)))
        source.close()
    _demand(time.process_time() - begin < LONGEST_S, "it takes too long")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
    _demand(grown < _MOST_EXTRA_BYTES + 100 * len(content), f"it takes {grown >> 20} MiB")


def _read(read: Callable[[ReadBudget], ReadResult], max_bytes: int) -> None:
    store = RunStore()
    orders: dict[str, int] = {}
    for _ in range(20_000):
        result = read(ReadBudget(max_bytes))
        store.extend(0, result.records)
        for record in result.records:
            _check_record(record, orders)
        told = all(problem.path and problem.message for problem in result.problems)
        _demand(told, "a problem without a path or a message")
        if not result.more:
            break
    else:
        raise BrokenPromiseError("it does not end")
    store.freeze()


def _demand(holds: bool, message: str) -> None:  # noqa: FBT001  # what is demanded comes first
    if not holds:
        raise BrokenPromiseError(message)


def _check_record(record: Record, orders: dict[str, int]) -> None:
    if not isinstance(record, ScalarBatch):
        return
    columns = (record.order, record.steps, record.wall_times, *record.values)
    _demand({len(column) for column in columns} == {len(record)}, "columns of unequal length")
    _demand(len(record.tags) == len(record.values), "more tags than columns, or less")
    _demand(bool((np.diff(record.order) >= 0).all()), "an order that falls")
    for tag in record.tags if len(record) else ():
        _demand(orders.get(tag, 0) <= record.order[0], f"the order of {tag!r} falls")
        orders[tag] = int(record.order[-1])


if __name__ == "__main__":
    main()
