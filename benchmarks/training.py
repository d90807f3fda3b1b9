"""A real training loop on the CPU: a character model learns the source of Python's standard library.

`benchmarks.guest` runs it as a process of its own. It trains until it is told to end (SIGTERM), logs as
trainers do, and then writes when each step began and ended, in seconds of `time.perf_counter`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

_CONTEXT = 48
_BATCH_SIZE = 64
_EMBEDDING_SIZE = 32
_HIDDEN_SIZE = 384
_VOCABULARY = 128
_LEARNING_RATE = 0.05
_MODULES = ("argparse.py", "ast.py", "dataclasses.py", "difflib.py", "doctest.py", "inspect.py", "typing.py")

# From contexts int64[batch, context] and the characters int64[batch] after them to loss and gradient norm.
TrainStep = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], tuple[float, float]]


def main() -> None:
    """Train until told to end."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run's metric files")
    parser.add_argument("times", type=Path, help="file for the times of the steps (.npy)")
    parser.add_argument("--log-every", type=int, default=1, help="steps between two logged points")
    parser.add_argument("--threads", type=int, help="threads of PyTorch (default: its own choice)")
    args = parser.parse_args()
    told_to_end: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: told_to_end.append(number))
    characters = _read_corpus()
    train_step = _torch_step(args.threads) if _has_torch() else _numpy_step()
    log = _Log(args.run)
    random = np.random.default_rng(0)
    times: list[tuple[float, float]] = []
    while not told_to_end:
        started = time.perf_counter()
        starts = random.integers(0, len(characters) - _CONTEXT - 1, _BATCH_SIZE)
        windows = characters[starts[:, np.newaxis] + np.arange(_CONTEXT + 1)]
        loss, grad_norm = train_step(windows[:, :-1], windows[:, -1])
        if len(times) % args.log_every == 0:
            log.write(len(times), loss, grad_norm, _BATCH_SIZE / (time.perf_counter() - started))
        times.append((started, time.perf_counter()))
    log.close()
    np.save(args.times, np.array(times))


class _Log:
    """What a trainer logs: a JSONL file, and an event file where tensorboard is installed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = (folder / "metrics.jsonl").open("w")
        config = {"learning_rate": _LEARNING_RATE, "batch_size": _BATCH_SIZE, "hidden_size": _HIDDEN_SIZE}
        self._file.write(json.dumps({"time": time.time(), "config": config}) + "\n")
        self._add_scalar: Callable[[str, float, int], None] | None = None
        self._finish: Callable[[], None] = self._file.close
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  # slow, and often not there
        except ImportError:
            return
        writer = SummaryWriter(str(folder), flush_secs=2)
        self._add_scalar = writer.add_scalar
        self._finish = writer.close

    def write(self, step: int, loss: float, grad_norm: float, samples_per_s: float) -> None:
        """Log one step."""
        metrics = {
            "train/loss": loss,
            "train/grad_norm": grad_norm,
            "train/perplexity": float(np.exp(min(loss, 50.0))),
            "train/samples_per_second": samples_per_s,
        }
        self._file.write(json.dumps({"step": step, "time": time.time(), **metrics}) + "\n")
        self._file.flush()
        if self._add_scalar is not None:
            for tag, value in metrics.items():
                self._add_scalar(tag, value, step)

    def close(self) -> None:
        """Close both files."""
        self._finish()
        self._file.close()


def _read_corpus() -> npt.NDArray[np.int64]:
    folder = Path(os.__file__).parent
    text = "".join((folder / name).read_text() for name in _MODULES)
    return np.frombuffer(text.encode("ascii", "replace"), np.uint8).astype(np.int64)


def _has_torch() -> bool:
    try:
        import torch  # noqa: F401, PLC0415  # slow, and often not there
    except ImportError:
        return False
    return True


def _torch_step(threads: int | None) -> TrainStep:
    """Return a step of a small transformer in PyTorch."""
    import torch  # noqa: PLC0415  # slow, and often not there

    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Embedding(_VOCABULARY, _EMBEDDING_SIZE),
        torch.nn.TransformerEncoderLayer(_EMBEDDING_SIZE, 4, _HIDDEN_SIZE, batch_first=True),
        torch.nn.Flatten(1),
        torch.nn.Linear(_CONTEXT * _EMBEDDING_SIZE, _VOCABULARY),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step(contexts: npt.NDArray[np.int64], targets: npt.NDArray[np.int64]) -> tuple[float, float]:
        loss = torch.nn.functional.cross_entropy(
            model(torch.from_numpy(contexts)), torch.from_numpy(np.ascontiguousarray(targets))
        )
        optimizer.zero_grad()
        loss.backward()
        grad_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item(), grad_norm.item()

    return step


def _numpy_step() -> TrainStep:
    """Return a step of a network with one hidden layer, with gradients by hand (Bengio et al. 2003)."""
    random = np.random.default_rng(1)
    inputs = _CONTEXT * _EMBEDDING_SIZE
    embedding = random.normal(0, 1, (_VOCABULARY, _EMBEDDING_SIZE))
    hidden = random.normal(0, inputs**-0.5, (inputs, _HIDDEN_SIZE))
    output = random.normal(0, _HIDDEN_SIZE**-0.5, (_HIDDEN_SIZE, _VOCABULARY))

    def step(contexts: npt.NDArray[np.int64], targets: npt.NDArray[np.int64]) -> tuple[float, float]:
        rows = np.arange(len(targets))
        flat = embedding[contexts].reshape(len(targets), inputs)
        activation = np.tanh(flat @ hidden)
        logits = activation @ output
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        loss = -np.log(shares[rows, targets]).mean()
        shares[rows, targets] -= 1
        by_logits = shares / len(targets)
        by_output = activation.T @ by_logits
        by_activation = (by_logits @ output.T) * (1 - activation**2)
        by_hidden = flat.T @ by_activation
        by_embedding = np.zeros_like(embedding)
        by_flat = (by_activation @ hidden.T).reshape(len(targets), _CONTEXT, _EMBEDDING_SIZE)
        np.add.at(by_embedding, contexts, by_flat)
        gradients = (by_embedding, by_hidden, by_output)
        grad_norm = float(np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients)))
        rate = _LEARNING_RATE * min(1.0, 1.0 / grad_norm)
        for weights, gradient in zip((embedding, hidden, output), gradients, strict=True):
            np.subtract(weights, rate * gradient, out=weights)
        return float(loss), grad_norm

    return step


if __name__ == "__main__":
    main()
