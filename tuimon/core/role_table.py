"""Which names mean what, in every trainer's spelling; `core.roles` says how the tables are read.

The names are those of TensorBoard's writers, Hugging Face Trainer and TRL, W&B, Lightning, Keras, Megatron,
DeepSpeed, Composer, OLMo, nanoGPT and llm.c, torchtune, torchtitan, fairseq, Marian, detectron2, mmengine,
Ultralytics, DETR, Stable-Baselines and OpenAI baselines, Spinning Up, CleanRL, RLlib, rsl_rl, ML-Agents,
verl, MLflow and hand-written loops in English, Chinese, Japanese and Korean.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words without spaces between them, the longer ones first.
TRANSLATIONS = (
    ("学习率", "learning rate"),
    ("學習率", "learning rate"),
    ("学習率", "learning rate"),
    ("학습률", "learning rate"),
    ("困惑度", "perplexity"),
    ("准确率", "accuracy"),
    ("準確率", "accuracy"),
    ("正确率", "accuracy"),
    ("精度", "accuracy"),
    ("정확도", "accuracy"),
    ("利用率", "util"),
    ("使用率", "util"),
    ("梯度", "grad"),
    ("范数", "norm"),
    ("範數", "norm"),
    ("损失", "loss"),
    ("損失", "loss"),
    ("손실", "loss"),
    ("训练", "train"),
    ("訓練", "train"),
    ("学習", "train"),
    ("훈련", "train"),
    ("验证", "val"),
    ("驗證", "val"),
    ("検証", "val"),
    ("검증", "val"),
    ("评估", "eval"),
    ("評価", "eval"),
    ("测试", "test"),
    ("測試", "test"),
    ("平均", "mean"),
    ("奖励", "reward"),
    ("報酬", "reward"),
    ("显存", "gpu memory"),
    ("内存", "memory"),
    ("温度", "temperature"),
    ("功率", "power"),
    ("轮次", "epoch"),
    ("轮数", "epoch"),
    ("吞吐量", "throughput"),
    ("速度", "speed"),
)

# Spellings of one word; some stand for several.
SYNONYMS = {
    "acc": "accuracy",
    "accuracies": "accuracy",
    "average": "mean",
    "avg": "mean",
    "clipfrac": "clip fraction",
    "crossentropy": "cross entropy",
    "cum": "cumulative",
    "device": "gpu",
    "cuda": "gpu",
    "disc": "discriminator",
    "ent": "entropy",
    "ep": "episode",
    "episodic": "episode",
    "eplenmean": "episode length mean",
    "eprewmean": "episode reward mean",
    "epochs": "epoch",
    "errors": "error",
    "gb": "gigabytes",
    "gib": "gigabytes",
    "gnorm": "grad norm",
    "gradient": "grad",
    "gradients": "grad",
    "grads": "grad",
    "it": "iteration",
    "iter": "iteration",
    "iters": "iteration",
    "iterations": "iteration",
    "its": "iteration",
    "logloss": "log loss",
    "losses": "loss",
    "lr": "learning rate",
    "lrate": "learning rate",
    "lrs": "learning rate",
    "mb": "megabytes",
    "mem": "memory",
    "mib": "megabytes",
    "mhz": "clock",
    "milliseconds": "ms",
    "num": "count",
    "params": "parameter",
    "parameters": "parameter",
    "pct": "percent",
    "percentage": "percent",
    "ppl": "perplexity",
    "ram": "memory",
    "ret": "return",
    "returns": "return",
    "rew": "reward",
    "rewards": "reward",
    "rewmean": "reward mean",
    "samples": "sample",
    "scores": "score",
    "sec": "second",
    "seconds": "second",
    "secs": "second",
    "steps": "step",
    "tel": "eval loss",
    "temp": "temperature",
    "throttled": "throttle",
    "throttling": "throttle",
    "tok": "token",
    "toks": "token",
    "tokens": "token",
    "trl": "train loss",
    "usage": "util",
    "busy": "util",
    "utilisation": "util",
    "utilization": "util",
    "vram": "gpu memory",
    "watts": "power",
    "watt": "power",
}

# Words that say on which examples something was measured. The second kind has other meanings in the middle
# of a name (`num_valid_tokens`).
TRAINING_WORDS = frozenset({"train", "training", "trainer"})
EVALUATION_WORDS = frozenset({"eval", "evaluation", "val", "validation", "vali", "holdout", "heldout"})
EVALUATION_WORDS_AT_ENDS = frozenset({"valid", "test", "testing", "dev"})
# A folder of this name says nothing about what is in it.
NAMESPACES = _words(
    "chart charts environment metric metrics optim optimizer perf performance rollout scalar scalars "
    "stats time timing"
)

# What a mean is taken over, and the like: `epoch_loss`, `total_loss`, `loss_avg` are all a loss.
DECORATIONS = _words(
    "all batch current cur detok ema epoch global inner iteration macro mean micro moving overall raw "
    "running smooth smoothed step sum total unclipped unscaled weighted window"
)
# Where one of these is among the words, only the exact name counts: a reward's spread is no reward, an
# optimiser's momentum no learning rate.
OTHER_WORDS = _words(
    "std stddev variance deviation momentum decay multiplier scale scheduler factor mfu hfu gflops"
)

# Whole tags, their scope included. A trainer's closing line, and values that only ever improve.
SUMMARIES = frozenset(
    {
        "train runtime",
        "train sample per second",
        "train step per second",
        "train train loss",
        "total flos",
        "train total flos",
        "hp metric",
    }
)
SUMMARY_WORDS = frozenset({"best"})
CONFIG_FOLDERS = _words(
    "config configuration dataset hparam hparams hyperparameter hyperparameters args arguments"
)

# The names of each role, in canonical words (see SYNONYMS), without scope, numbers (`f1` keeps its own) and
# decorations unless they matter. `*` stands for any words. `=` marks names that count only as the whole tag.
# Losses without a direction and those of one part count in both orders (`cls loss`, `loss cls`).
NAMES = {
    "loss": """
        loss, cost, objective, nll, nll loss, negative log likelihood, lm loss, mlm loss, masked lm loss,
        ce loss, ce words, cross entropy, * cross entropy, cross entropy loss, * cross entropy loss, log
        loss, * log loss, ctc loss, mse loss, bce loss, l1 loss, l2 loss, mae loss, huber loss, smooth l1
        loss, contrastive loss, nce loss, info nce loss, diffusion loss, denoising loss, noise loss, flow
        loss, flow matching loss, velocity loss, sft loss, dpo loss, main loss, model loss, language loss,
        elbo loss
    """,
    "perplexity": "* perplexity, perplexity",
    "accuracy": """
        * accuracy, accuracy score, * f1, * f1 score, f score, * precision, * recall, * auc, * auroc, *
        auprc, * ap, * map, * bleu, sacrebleu, * rouge, * rougel, * rougelsum, rouge lsum, * meteor, *
        chrf, * bertscore, * iou, * miou, * io u, * dice, * dice coef, * dice score, * dice coefficient, *
        r2, r2 score, * ndcg, * mrr, * mcc, * kappa, * pearson, * spearman, spearmanr, pearsonr, matthews
        correlation, * exact match, =em, win rate, * win rate, winrate, success rate, * success rate, pass
        rate, * pass rate, =pass, top, hits, hit rate, * psnr, * ssim
    """,
    "error": """
        * error, * error rate, * wer, * cer, * ter, * eer, * mae, * mse, * rmse, * mape, * bpb, * bpc,
        bits per byte, bits per dim, bits per character, * fid, * kid, * lpips
    """,
    "reward": """
        * reward, * return, reward mean, score, critic score, objective score, =r, success
    """,
    "learning_rate": "learning rate, learning rate *, * learning rate, =l r",
    "grad_norm": """
        grad norm, * grad norm, g norm, grad l2, l2 norm grad, grad norm l2, grad l2 norm, total norm,
        =norm
    """,
    "throughput": """
        * per second, * per second per gpu, * per gpu per second, token second, sample second, iteration
        second, step second, image second, token s, sample s, step s, iteration s, words s, frames s,
        images s, batch s, throughput, throughput *, fps, * fps, sps, tps, tgs, wps, tflops, * tflops,
        tflops per gpu, words per second, speed
    """,
    "step_time": """
        step time, * step time, step time *, iteration time, * iteration time, iteration time *, batch
        time, time per step, time per iteration, time per batch, elapsed time per iteration, step
        duration, second per step, second per iteration, second per batch, ms per step, ms per iteration,
        s per step, elapsed time per iteration ms, =s iteration, =s step, step ms, step mean ms, =step
        mean, timing s step, step s, =dt, train step time
    """,
    "load_time": """
        data time, * data time, data load time, data loading time, dataloader time, dataloading time,
        loader time, loading time, fetch time, batch load time, data s, data wait time
    """,
    # On held-out examples only.
    "eval_time": "runtime, * runtime, time, inference time, duration",
    "epoch": "epoch, current epoch, epoch count, count epoch",
    "tokens": """
        token, count token, total token, token seen, count token seen, count input token seen, token
        total, total count token, token trained, token consumed, consumed token, count token trained,
        global token, total token seen
    """,
    "auxiliary": """
        policy, policy loss, * policy loss, * policy gradient loss, policy grad loss, * policy grad loss,
        pi loss, lossq, lossv, pg loss, * pg loss, actor loss, * actor loss, a loss, surrogate loss, ppo
        loss, grpo loss, a2c loss, value, value loss, * value loss, value function loss, value function,
        vf loss, * vf loss, critic loss, * critic loss, c loss, v loss, q loss, q1 loss, q2 loss, qf loss,
        qf1 loss, qf2 loss, * q loss, td error, td loss, baseline loss, critic return, advantage,
        advantages, * advantage, * advantages, reward chosen, reward chosen *, reward rejected, reward
        rejected *, reward margins, reward margin, logps *, * logps, logits *, * logits, ratio, reward
        signal, value estimate, * value estimate, explained variance, * explained variance, * explained
        var, explained var, entropy, * entropy, entropy *, * entropy loss, kl, * kl, kl *, * kl loss, * kl
        div, * kl divergence, approxkl, * approxkl, approxkl *, clip fraction, * clip fraction, clip
        range, clip ratio *, clip ratio, alpha, alpha loss, temperature, temperature loss, log alpha,
        beta, epsilon, d loss, g loss, loss d, loss g, d real, d fake, d loss *, g loss *, discriminator,
        discriminator *, generator, generator *, gen loss, * discriminator loss, * generator loss,
        discriminator accuracy, adversarial loss, adv loss, gan loss, * gan loss, gail loss, critic,
        wasserstein distance, gp loss, grad penalty, commitment loss, commit loss, codebook loss, vq loss,
        * vq loss, z loss, * z loss, aux loss, auxiliary loss, * aux loss, * auxiliary loss, moe loss,
        router loss, router *, balancing loss, * balancing loss, balance loss, * balance loss, load
        balancing, reg loss, regularization loss, * regularization loss, weight decay loss, world model
        loss, curiosity *
    """,
    "config": """
        count parameter, n parameter, total parameter, trainable parameter, * trainable parameter, max
        grad norm, grad clip, batch size, * batch size, weight decay, warmup step, seed
    """,
    "other": """
        * ratio, grad norm *, grad norm clipped, =epoch time, eta second, box loss, cls loss, dfl loss,
        obj loss, seg loss, mask loss, bbox loss, giou loss, iou loss, dice loss, focal loss, rpn cls
        loss, rpn loc loss, box reg loss, kpt loss, pose loss, recon loss, loss q1, loss q2,
        reconstruction loss, distillation loss, reward count
    """,
}

# Readings of sensors. Each row asks for all of its words, and the first row that fits decides. `bytes` is any
# unit of size.
GPU_READINGS = (
    ("throttle", "gpu_throttle"),
    ("memory clock", "hardware"),
    ("memory error", "hardware"),
    ("memory temperature", "hardware"),
    ("memory free", "hardware"),
    ("memory total", "gpu_memory_total"),
    ("memory capacity", "gpu_memory_total"),
    ("memory limit", "gpu_memory_total"),
    ("memory bytes", "gpu_memory_used"),
    ("memory percent", "gpu_memory_pct"),
    ("memory util", "gpu_memory_pct"),
    ("memory", "gpu_memory_used"),
    ("allocated bytes", "gpu_memory_used"),
    ("reserved bytes", "gpu_memory_used"),
    ("fan", "hardware"),
    ("power percent", "hardware"),
    ("power limit", "hardware"),
    ("power cap", "hardware"),
    ("power", "gpu_power"),
    ("energy", "hardware"),
    ("temperature", "gpu_temperature"),
    ("clock", "gpu_clock"),
    ("util", "gpu_utilisation"),
    ("load", "gpu_utilisation"),
    ("percent", "gpu_utilisation"),
)
HOST_READINGS = (
    ("proc alive", "process_alive"),
    ("process alive", "process_alive"),
    ("rss", "process_memory"),
    ("proc memory", "hardware"),
    ("proc cpu", "hardware"),
    ("swap", "hardware"),
    ("cpu memory", "memory"),
    ("cpu temperature", "hardware"),
    ("cpu core", "hardware"),
    ("cpu util", "cpu_utilisation"),
    ("cpu load", "cpu_utilisation"),
    ("cpu percent", "cpu_utilisation"),
    ("disk bytes", "hardware"),
    ("disk percent", "disk_pct"),
    ("disk util", "disk_pct"),
    ("disk", "hardware"),
    ("memory percent", "host_memory_pct"),
    ("memory total", "hardware"),
    ("memory bytes", "memory"),
    ("memory allocated", "memory"),
    ("memory alloc", "memory"),
    ("memory reserved", "memory"),
    ("memory active", "memory"),
    ("memory used", "memory"),
    ("memory util", "memory"),
    ("memory peak", "memory"),
    ("pressure level", "memory"),
    ("network recv", "hardware"),
    ("network sent", "hardware"),
    ("network bytes", "hardware"),
)
WHOLE_READINGS = {
    "gpu": "gpu_utilisation",
    "cpu": "cpu_utilisation",
    "memory": "memory",
    "disk": "disk_pct",
    "network": "hardware",
}
SIZES = frozenset({"bytes", "gigabytes", "megabytes", "kilobytes"})
# W&B's own names of what it samples for each GPU, as `gpu.0.<name>`. Its `memory` is the percentage of the
# time in which memory was read or written.
WANDB_GPU_READINGS = {
    "gpu": "gpu_utilisation",
    "memory": "hardware",
    "memoryAllocated": "gpu_memory_pct",
    "memoryAllocatedBytes": "gpu_memory_used",
    "temp": "gpu_temperature",
    "powerWatts": "gpu_power",
    "powerPercent": "hardware",
    "enforcedPowerLimitWatts": "hardware",
    "smClock": "gpu_clock",
    "memoryClock": "hardware",
    "fanSpeed": "hardware",
    "correctedMemoryErrors": "hardware",
    "uncorrectedMemoryErrors": "hardware",
}
