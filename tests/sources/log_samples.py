"""Metric lines as trainers print them, and what there is to be read in them."""

# ruff: noqa: E501, ISC004  # lines are as long as trainers print them, and stand one below the other

from __future__ import annotations

from math import inf, nan

Expected = dict[str, tuple[list[int], list[float]]]
"""Steps and values by tag."""

MEGATRON = (
    " iteration {0:8d}/    1000 | consumed samples: {0:12d} | elapsed time per iteration (ms): 3171.3 | "
    "learning rate: 1.500E-04 | lm loss: 1.{0:06d}E+01 | grad norm: 4.197 | number of nan iterations:   0 |"
)
CHINESE = """\
2026-02-28 16:46:50,001 - INFO - 开始训练
2026-02-28 16:46:50,001 - INFO - 步骤    250 | 轮次  1/10 | 批次  125/500 | 损失 4.2345 | 困惑度  68.45 | 学习率 8.5e-05 | 用时 1.23s
前向传播: 0.12秒
反向传播: 250毫秒
2026-02-28 16:46:59,123 - WARNING - Loss is NaN at step 12
2026-02-28 16:47:50,001 - INFO - 步骤    500 | 轮次  1/10 | 批次  250/500 | 损失 3.2345 | 困惑度  58.45 | 学习率 8.4e-05 | 用时 1.24s
--- 第 500 步评估 ---
评估完成 - 平均损失: 3.8934, 困惑度: 49.12
"""
BAR = "\r {0}%|##   | {0}/100 [00:01<00:09, 1.00it/s]"


DIALECTS: dict[str, tuple[str, Expected, dict[str, int]]] = {
    "megatron": (
        "[default7]:" + MEGATRON.format(10) + "\n" + MEGATRON.format(20) + MEGATRON.format(30)  # ranks on one line
        + "\n iteration 40/ 1000 | consumed samples: 40 | loss scale: 1.0 |\n"
        + " validation loss at iteration 40 | lm loss value: 8.1E+00 | lm loss PPL: 3.2E+03 | \n",
        {
            "lm loss": ([10, 20, 30], [10.0001, 10.0002, 10.0003]),
            "grad norm": ([10, 20, 30], [4.197] * 3),
            "loss scale": ([40], [1.0]),
            "validation/lm loss": ([40], [8.1]),
        },
        {"total_steps": 1000},
    ),
    "llm.c": (
        "s:0 tel:10.97\ns:0 trl:11.0 lr:0.000001 norm:15.37\ns:1 trl:10.5 lr:0.000002 norm:nan\ns:1 eval:0.25\n",
        {"trl": ([0, 1], [11.0, 10.5]), "tel": ([0], [10.97]), "eval": ([1], [0.25]), "norm": ([0, 1], [15.37, nan])},
        {},
    ),
    "modded-nanogpt": (
        "import os\nfor step in range(10): # step 1: loss: 5\n    print(f'step:{step} train_loss:{loss}')\n"
        "step:0/1530 val_loss:10.8 train_time:0ms step_avg:nanms\nstep:1/1530 train_loss:9.5 train_time:31ms step_avg:31.5ms\n",
        {"val_loss": ([0], [10.8]), "train_loss": ([1], [9.5]), "step_avg": ([0, 1], [nan, 31.5])},
        {"total_steps": 1530},
    ),
    "mmengine": (
        "2023/05/01 12:00:00 - mmengine - INFO - Epoch(train)  [1][ 50/100]  lr: 1.0000e-02  eta: 0:12:34  time: 0.2012  data_time: 0.0100  memory: 1234  loss: 2.5  loss_cls: 2.25\n"
        "2023/05/01 12:00:20 - mmengine - INFO - Epoch(train)  [1][100/100]  lr: 1.0000e-02  eta: 1 day, 0:12:34  time: 0.2012  data_time: 0.0100  memory: 1234  loss: 1.5  loss_cls: 1.25\n"
        "2023/05/01 12:00:30 - mmengine - INFO - Epoch(val) [1][50/50]    accuracy/top1: 55.2500  accuracy/top5: 80.0000  data_time: 0.0100  time: 0.0500\n"
        "2023/05/01 12:00:50 - mmengine - INFO - Epoch(train)  [2][ 50/100]  lr: 1.0000e-03  eta: 0:10:34  time: 0.2012  data_time: 0.0100  memory: 1234  loss: 1.25  loss_cls: 1.0\n",
        {
            "loss": ([50, 100, 150], [2.5, 1.5, 1.25]), "lr": ([50, 100, 150], [0.01, 0.01, 0.001]),
            "val/accuracy/top1": ([100], [55.25]),
        },
        {},
    ),
    "mmcv": (
        "2021-06-01 12:00:00,123 - mmseg - INFO - Iter [50/160000]\tlr: 1.978e-03, eta: 10:00:00, time: 0.500, data_time: 0.005, memory: 3000, decode.loss_seg: 0.5, loss: 1.25\n"
        "2021-06-01 12:00:25,123 - mmseg - INFO - Iter [100/160000]\tlr: 1.900e-03, eta: 9:59:00, time: 0.500, data_time: 0.005, memory: 3000, decode.loss_seg: 0.25, loss: 1.0\n"
        "2021-06-01 12:01:25,123 - mmseg - INFO - Iter(val) [100]\tmIoU: 0.3125, mAcc: 0.5\n",
        {"loss": ([50, 100], [1.25, 1.0]), "decode.loss_seg": ([50, 100], [0.5, 0.25]), "val/mIoU": ([100], [0.3125])},
        {"total_steps": 160000},
    ),
    "nanogpt": (
        "iter 0: loss 10.9, time 95.2ms, mfu -100.00%\nstep 500: train loss 2.1, val loss 2.2\niter 501: loss 9.9, time 9ms, mfu 1%\n",
        {"loss": ([0, 501], [10.9, 9.9]), "val loss": ([500], [2.2]), "mfu": ([0, 501], [-100, 1])},
        {},
    ),
    "build-nanogpt": (
        "step    1/19560 | loss 11.009 (+nanz)| norm 15.4 (+nanz)| lr 1.3e-06 | 520 ms\n"
        "step    2/19560 | loss: 3.12 | lr 6.0e-04 | norm: 0.3 | dt: 100ms | tok/sec: 1000\n",
        {"loss": ([1, 2], [11.009, 3.12]), "norm": ([1, 2], [15.4, 0.3]), "tok/sec": ([2], [1000])},
        {"total_steps": 19560},
    ),
    "torchtune": (
        "Step 1 | loss:1.5 lr:2e-05 tokens_per_second_per_gpu:100.5 grad_norm:1.1 \nStep 2 | loss:1.4 lr:2e-05 grad_norm:1.2\n",
        {"loss": ([1, 2], [1.5, 1.4]), "grad_norm": ([1, 2], [1.1, 1.2]), "tokens_per_second_per_gpu": ([1], [100.5])},
        {},
    ),
    "fairseq": (
        '2021-01-01 00:00:00 | INFO | train_inner | {"epoch": 1, "loss": "12.3", "num_updates": "100", "gnorm": "2.3"}\n'
        '2021-01-01 00:01:00 | INFO | valid | {"epoch": 1, "valid_loss": "9.3", "valid_num_updates": "200"}\n',
        {"loss": ([100], [12.3]), "gnorm": ([100], [2.3]), "valid_loss": ([200], [9.3])},
        {},
    ),
    "verl": (
        "(TaskRunner pid=7) step:1 - actor/pg_loss:-0.1 - actor/grad_norm:np.float64(0.3) - timing_s/step:12.5\n"
        "Capturing: 1%| | 1/67 [00:10<20:00]\nTraining Progress:   1%|   | 1/140 [00:10<20:00]\nstep:2 - actor/pg_loss:2e-3\n",
        {"actor/pg_loss": ([1, 2], [-0.1, 0.002]), "actor/grad_norm": ([1], [0.3]), "timing_s/step": ([1], [12.5])},
        {"total_steps": 140},
    ),
    "marian": (
        "[2019-03-28 19:26:09] Ep. 1 : Up. 500 : Sen. 33,024 : Cost 9.1 : Time 12.5s : 900.5 words/s : gNorm 1.2 : L.r. 1e-5\n"
        "[2019-03-28 19:27:09] [valid] Ep. 1 : Up. 500 : bleu-detok : 27.2 : stalled 1 times (last best: 27.3)\n",
        {
            "Cost": ([500], [9.1]), "sentences": ([500], [33024]), "words/s": ([500], [900.5]),
            "learning_rate": ([500], [1e-5]), "valid/bleu-detok": ([500], [27.2]),
        },
        {},
    ),
    "hugging face": (
        BAR.format(0) + BAR.format(10) + "{'loss': 1.5, 'grad_norm': 0.3, 'learning_rate': 5e-05, 'epoch': 0.1}\n"
        + " 50%|##  | 5/10 [00:01<00:09, 1it/s]" + "{'eval_loss': 1.4, 'epoch': 0.1}\n"
        + BAR.format(20) + "\n{'loss': '1.2', 'grad_norm': 'nan', 'learning_rate': '4e-05', 'epoch': '0.2'}\n",
        {"loss": ([10, 20], [1.5, 1.2]), "grad_norm": ([10, 20], [0.3, nan]), "eval_loss": ([10], [1.4])},
        {"total_steps": 100},
    ),
    "epoch, loss": (
        "Epoch 1, Loss: 2.456\nEpoch 2, Loss: 2.1\nEpoch 3, Loss: 1.9, Val Loss: 2.0\n",
        {"Loss": ([1, 2, 3], [2.456, 2.1, 1.9]), "Val Loss": ([3], [2.0])},
        {},
    ),
    "tqdm": (
        "Epoch 0:  50%|█████     | 1/2 [00:01<00:01, 1.2it/s, loss=0.5, acc=0.25]\r"
        "Epoch 0: 100%|██████████| 2/2 [00:02<00:00, 1.2it/s, loss=0.25, acc=0.5]\n"
        "Epoch 1:  50%|█████     | 1/2 [00:01<00:01, 1.2it/s, loss=0.125, acc=0.75]\r"
        "Epoch 1 validation: 100%|███| 7/7 [00:02<00:00, 1.2it/s]\n",
        {"loss": ([1, 2, 3], [0.5, 0.25, 0.125]), "acc": ([1, 2, 3], [0.25, 0.5, 0.75])},
        {"steps_per_epoch": 2},
    ),
    "key=value": (
        "[INFO] step=10 loss=0.5 lr=1e-4\n\x1b[32m[INFO]\x1b[0m step=20 loss=0.4 lr=1e-4 grad_norm=-inf\n",
        {"loss": ([10, 20], [0.5, 0.4]), "lr": ([10, 20], [1e-4, 1e-4]), "grad_norm": ([20], [-inf])},
        {},
    ),
    "batches of epochs": (
        "Epoch [1/10], Step [100/600], Loss: 0.3\nEpoch [2/10], Step [100/600], Loss: 0.2\n",
        {"Loss": ([100, 700], [0.3, 0.2])},
        {"total_epochs": 10, "steps_per_epoch": 600, "total_steps": 6000},
    ),
    "keras": (
        "Epoch 1/3\n10/10 - 2s - loss: 0.5 - accuracy: 0.8 - val_loss: 0.6\nEpoch 2/3\n10/10 - 2s - loss: 0.4 - val_loss: 0.5\n",
        {"loss": ([10, 20], [0.5, 0.4]), "val_loss": ([10, 20], [0.6, 0.5]), "accuracy": ([10], [0.8])},
        {"total_epochs": 3, "steps_per_epoch": 10, "total_steps": 30},
    ),
    "chinese": (
        CHINESE,
        {
            "损失": ([250, 500], [4.2345, 3.2345]), "困惑度": ([250, 500], [68.45, 58.45]),
            "学习率": ([250, 500], [8.5e-5, 8.4e-5]), "eval/损失": ([500], [3.8934]), "eval/困惑度": ([500], [49.12]),
            "timing/前向传播": ([250], [0.12]), "timing/反向传播": ([250], [0.25]),
        },
        {"total_epochs": 10, "steps_per_epoch": 500, "total_steps": 5000},
    ),
}  # fmt: skip


LOOPS = {
    "megatron": " iteration {step:8d}/    9000 | consumed samples: {step:9d} | lm loss: {loss:.6E} | grad norm: {norm:.3f} |",
    "llm.c": "s:{step} trl:{loss:.4f} lr:0.0003 norm:{norm:.2f}",
    "modded-nanogpt": "step:{step}/9000 train_loss:{loss:.4f} train_time:{step}ms step_avg:31.5ms",
    "verl": "step:{step} - actor/pg_loss:{signed:.5f} - critic/rewards/mean:{norm}",
    "mmengine": "2026/01/01 12:{minute:02}:{second:02} - mmengine - INFO - Iter(train) [{step:>6}/9000]  lr: 1.0e-02  loss: {loss:.4f}",
    "general": "2026-02-28 16:{minute:02}:{second:02},{step:03} - INFO - Epoch 2, Step {step}, Loss: {loss}, LR: {rate:.2e}",
    "mmengine, epochs": "2026/01/01 12:{minute:02}:{second:02} - mmengine - INFO - Epoch(train)  [{epoch}][{batch:>3}/100]  lr: 1.0e-02  loss: {loss:.4f}",
    "fairseq": '2026-01-01 12:{minute:02}:{second:02} | INFO | train_inner | {{"epoch": 1, "loss": "{loss:.3f}", "num_updates": "{step}", "lr": "{rate:.6g}"}}',
    "Marian": "[2026-01-01 12:{minute:02}:{second:02}] Ep. 1 : Up. {step} : Sen. {samples:,} : Cost {loss:.5f} : Time {norm:.2f}s : 900.5 words/s : L.r. {rate:.4e}",
    "Hugging Face": " {percent:3d}%|{body}| {step}/9000 [00:{minute:02}<00:09, 1.5it/s]\r{{'loss': {loss}, 'grad_norm': '{norm}', 'learning_rate': {rate}, 'epoch': {part}}}",
    "Hugging Face, one line": " {percent:3d}%|{body}| {step}/9000 [00:{minute:02}<00:09, 1.5it/s]{{'loss': {signed:.4f}, 'learning_rate': {rate}, 'epoch': {part:.2f}}}",
    "bar": "Epoch {epoch}: {percent:3d}%|{body}| {batch}/100 [00:{minute:02}<00:09, 1.5it/s, loss={loss:.3f}]",
    "epochs": "Epoch [{epoch}/90], Step [{batch}/100], Loss: {loss:.4f}",
    "epoch": "\x1b[32mEpoch {step}\x1b[0m, Loss: {loss:.4f}, Accuracy: {norm:.2f}%",
    "chinese": "2026-02-28 16:{minute:02}:{second:02},001 - INFO - 步骤 {step:6d} | 轮次 {epoch:2d}/90 | 批次 {batch:3d}/100 | 损失 {loss:.4f} | 学习率 {rate:.1e}",
    "padded": "[INFO] step {step:>7} | loss {loss:8.4f} | acc {norm:6.2f} | 12.5 it/s",
}  # fmt: skip
"""Lines of training loops, to be filled by `loop_line`."""


def loop_line(name: str, step: int, loss: float) -> str:
    """Return the line of a loop at a step."""
    return LOOPS[name].format(
        step=step, loss=loss, norm=loss % 7, rate=loss * 1e-4, signed=loss - 0.5, epoch=step // 100 + 1,
        batch=step % 100 + 1, part=step / 100, percent=step % 101, samples=100 * step, minute=step // 60 % 60,
        second=step % 60, body="█" * (step % 11) + "▌ ",
    )  # fmt: skip
