"""Text logs as trainers print them: loops of one dialect, and output in which a metric line is rare."""

# ruff: noqa: E501  # lines are as long as trainers print them

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_TRAINER = "2026-02-28 16:{minute:02}:{second:02},{millisecond:03} - INFO - "
_BAR = " {percent:3d}%|####      | {step}/{total} [00:{minute:02}<{second:02}:09, {norm:.2f}it/s]\r"
_TRACEBACK = (
    "Traceback (most recent call last):\n"
    + '  File "train.py", line 12, in load\n    return decode(path)\n' * 3
    + "OSError: image file is truncated\n"
)

LOOPS = {
    "Megatron": " iteration {step:8d}/{total:8d} | consumed samples: {samples:12d} | elapsed time per iteration (ms): {ms:.1f}"
    " | learning rate: {rate:.3E} | global batch size:  1024 | lm loss: {loss:.6E} | loss scale: 12.0 |"
    " grad norm: {norm:.3f} | number of skipped iterations:   0 | number of nan iterations:   0 |\n",
    "llm.c": "s:{step} trl:{loss:.4f} lr:{rate:.6f} norm:{norm:.2f}\n",
    "modded-nanogpt": "step:{step}/{total} train_loss:{loss:.4f} train_time:{samples}ms step_avg:{ms:.2f}ms\n",
    "nanoGPT": "iter {step}: loss {loss:.4f}, time {ms:.2f}ms, mfu {norm:.2f}%\n",
    "build-nanogpt": "step {step:5d}/{total} | loss {loss:.6f} | lr {rate:.4e} | norm: {norm:.4f} | dt: {ms:.2f}ms | tok/sec: {ms:.1f}\n",
    "torchtune": "Step {step} | loss:{loss} lr:{rate} tokens_per_second_per_gpu:{ms} grad_norm:{norm} \n",
    "fairseq": "2026-02-28 16:{minute:02}:{second:02} | INFO | train_inner | "
    '{{"epoch": 1, "update": {norm:.3f}, "loss": "{loss:.3f}", "nll_loss": "{norm:.3f}", "ppl": "{ms:.2f}",'
    ' "wps": "{ms:.1f}", "num_updates": "{step}", "lr": "{rate:.6g}", "gnorm": "{norm:.3f}", "wall": "{step}"}}\n',
    "verl": "(TaskRunner pid=7) step:{step} - actor/entropy:{norm:.4f} - actor/pg_loss:{signed:.5f} -"
    " actor/grad_norm:{norm:.4f} - critic/rewards/mean:{loss:.4f} - timing_s/step:{ms:.3f}\n",
    "Marian": "[2026-02-28 16:{minute:02}:{second:02}] Ep. 1 : Up. {step} : Sen. {samples:,} : Cost {loss:.8f}"
    " : Time {ms:.2f}s : {ms:.2f} words/s : L.r. {rate:.4e}\n",
    "mmengine": "2026/02/28 16:{minute:02}:{second:02} - mmengine - INFO - Iter(train) [{step:>7}/{total}]  lr: {rate:.4e}"
    "  eta: 3:{minute:02}:{second:02}  time: {norm:.4f}  data_time: 0.0{minute:02}  memory: 12345  loss: {loss:.4f}\n",
    "mmengine, epochs": "2026/02/28 16:{minute:02}:{second:02} - mmengine - INFO - Epoch(train)  [{epoch}][{batch:>4}/1000]"
    "  lr: {rate:.4e}  eta: 3:{minute:02}:{second:02}  time: {norm:.4f}  memory: 12345  loss: {loss:.4f}\n",
    "Hugging Face": "{{'loss': {loss:.4f}, 'grad_norm': {norm}, 'learning_rate': {rate}, 'epoch': {part:.2f}}}\n",
    "Hugging Face, bars": _BAR
    + "{{'loss': {loss:.4f}, 'grad_norm': {norm}, 'learning_rate': {rate}, 'epoch': {part:.2f}}}\n",
    "Hugging Face, many bars": _BAR * 10
    + "\n{{'loss': '{loss:.4f}', 'grad_norm': '{norm}', 'learning_rate': '{rate}', 'epoch': '{part:.2f}'}}\n",
    "Epoch 1, Loss: 2.456": "Epoch {step}, Loss: {loss:.4f}, LR: {rate:.2e}\n",
    "step=1 loss=2.5": "[INFO] step={step} loss={loss} lr={rate:.3e} grad_norm={norm:.3f}\n",
    "Epoch [1/10], Step [1/600]": "Epoch [{epoch}/100], Step [{batch}/1000], Loss: {loss:.4f}\n",
    "Chinese": _TRAINER + "步骤 {step:6d} | 轮次 {epoch:3d}/1000 | 批次 {batch:4d}/1000 | 损失 {loss:.4f}"
    " | 困惑度 {norm:6.2f} | 学习率 {rate:.1e} | 用时 {norm:.2f}s\n",
}  # fmt: skip
"""Lines of training loops, by who prints them."""

_TALK = (
    _TRAINER + "[__main__] - Saving model checkpoint to outputs/checkpoint-{step}/model.safetensors\n",
    _TRAINER + "[data.loader] - worker {minute} fetched shard s3://bucket/corpus/shard-{samples}.tar in {norm:.2f} s\n",
    "[Rank {second}] memory (MB) | allocated: {ms:.4f} | max allocated: {ms:.4f} | reserved: 23830.0\n",
    "/usr/lib/python3/site-packages/torch/utils/checkpoint.py:{step}: use_reentrant should be passed explicitly\n",
    "    return self._call_impl(*args, **kwargs)\n",
    "node{second}:{samples}:{step} [{minute}] NCCL INFO Channel 00/0 : 1[1] -> 0[0] via P2P/CUMEM/read\n",
)  # fmt: skip

MIXED: dict[str, tuple[str, int]] = {
    "llm.c among other output": (LOOPS["llm.c"], 20),
    "Hugging Face among other output": (LOOPS["Hugging Face, bars"], 20),
    "key=value among other output": (LOOPS["step=1 loss=2.5"], 20),
    "key=value, a bar each step": (_BAR * 10 + LOOPS["step=1 loss=2.5"], 1),
    "Megatron with its timers": (
        LOOPS["Megatron"] + "time (ms) | forward-compute: {ms:.2f} | backward-compute: {ms:.2f} | optimizer: {norm:.2f}\n",
        1,
    ),
    "output without metrics": ("", 1000),
}  # fmt: skip
"""A metric line and behind how many other lines it comes."""


def write_loop(path: Path, line: str, size: int) -> None:
    """Write about `size` bytes of a loop's lines."""
    _write(path, (line.format(**numbers) for numbers in _numbers()), size)


def write_mixed(path: Path, line: str, others: int, size: int) -> None:
    """Write about `size` bytes in which a metric line comes behind every `others` lines on average."""
    generator = random.Random(7)

    def texts() -> Iterator[str]:
        for numbers in _numbers():
            for _ in range(generator.randrange(2 * others) if others > 1 else 0):
                yield generator.choice(_TALK).format(**numbers)
            if generator.random() < 1 / 500:
                yield _TRACEBACK
            yield line.format(**numbers)

    _write(path, texts(), size)


def _write(path: Path, texts: Iterator[str], size: int) -> None:
    with path.open("wb") as file:
        while file.tell() < size:
            file.write("".join(next(texts) for _ in range(1000)).encode())


def _numbers() -> Iterator[dict[str, object]]:
    generator = random.Random(3)
    step = 0
    while True:
        step += 1
        loss = 1.5 + 8 / (1 + step / 1000) + generator.gauss(0, 0.05)
        yield {
            "step": step,
            "total": 9_000_000,
            "epoch": step // 1000 + 1,
            "batch": step % 1000 + 1,
            "part": step / 1000,
            "percent": step % 100,
            "samples": 1024 * step,
            "loss": loss,
            "signed": generator.gauss(0, 0.05),
            "norm": abs(generator.gauss(1.5, 0.3)),
            "rate": 6e-4 * max(0.1, 1 - step / 1e6),
            "ms": 520 + generator.gauss(0, 5),
            "minute": step // 60 % 60,
            "second": step % 60,
            "millisecond": step * 37 % 1000,
        }
