from __future__ import annotations

import time

import pytest

from tuimon.core.roles import (
    CHART_ORDER,
    FALLING_IS_GOOD,
    HARDWARE_ROLES,
    RISING_IS_GOOD,
    Role,
    gpu_index,
    is_evaluation,
    pair_key,
    role_of,
)
from tuimon.core.tag_words import split_tag

# Real spellings, by role; several are separated by two spaces, since some tags hold spaces themselves.
SPELLINGS = {
    Role.LOSS: [
        "loss  train_loss  train/loss  Training/Loss  Loss/train  training.loss  trainLoss  total_loss",
        "train_loss_step  train_loss_epoch  epoch_loss  batch_loss  loss/total  loss/train/total",
        "TRAIN_LOSS  lm loss  lm loss vs samples  train/CrossEntropyLoss",
        "metrics/train/LanguageCrossEntropy  trl  Cost  nll_loss  running_loss  loss_avg",
        "Train/Samples/train_loss  sparse_categorical_crossentropy  训练损失",
        "train/损失  平均损失  損失  训练/平均损失",
        "ce-mean-words  train-logloss  foo/loss  dpo_loss",
    ],
    Role.EVAL_LOSS: [
        "eval_loss  eval/loss  val_loss  val/loss  Validation/Loss  Loss/val  Loss/validation  test_loss",
        "valid_loss  validation_loss  epoch_val_loss  evaluation_loss_vs_iterations  valLoss  tel",
        "DEV_LOSS  eval_g1_loss  eval/squad/loss  lm loss validation",
        "val-loss  验证损失  验证/损失  test/loss",
        "metrics/eval/LanguageCrossEntropy  loss/val/total  cross-entropy_valid  valid/loss  dev/loss",
    ],
    Role.PERPLEXITY: [
        "perplexity  train/ppl  train/Perplexity  ppl  训练困惑度  metrics/train/LanguagePerplexity"
    ],
    Role.EVAL_PERPLEXITY: ["eval/perplexity  val/ppl  valid_ppl  lm loss validation ppl  验证困惑度"],
    Role.ACCURACY: [
        "accuracy  train_acc  train/accuracy  Training/Accuracy  Accuracy/train  acc1  top5  top1_acc",
        "mAP50  metrics/precision(B)  metrics/mAP50-95(B)  metrics/mAP_0.5:0.95  metrics/recall",
        "mean_io_u_5  f1  rewards/accuracies  mean_token_accuracy  fast_rcnn/cls_accuracy",
        "categorical_accuracy  dice_coef  rollout/success_rate  F1Score  准确率  train/mIoU",
        "self-play/win_rate  psnr",
    ],
    Role.EVAL_ACCURACY: [
        "eval_accuracy  eval/accuracy  val_acc  Validation/Accuracy  Accuracy/val/top1  test_acc5  valAcc",
        "eval_f1  eval_rougeL  eval_rougeLsum  eval_rouge1  val_chrf  eval_bleu  bleu-detok_valid",
        "val_dice_coef  eval_g5_accuracy  evaluation_accuracy_vs_iterations  epoch_val_accuracy",
        "val-core/gsm8k/acc/mean@8  eval_rewards/accuracies  验证准确率  validation_0-auc  val/psnr",
    ],
    Role.ERROR: [
        "train_rmse  train_class_error  eval_wer  test_mae  bits_per_byte  bpb  error_rate  eval/cer  FID"
    ],
    Role.REWARD: [
        "reward  train/reward  rollout/ep_rew_mean  eprewmean  Environment/Cumulative Reward",
        "AverageEpRet  charts/episodic_return  ray/tune/episode_reward_mean  critic/rewards/mean",
        "critic/score/mean  rewards/format_reward/mean  max 100 episode reward  Train/mean_reward",
        "sim/train/return  r  Policy/Extrinsic Reward  Rollout/ep_rew_mean  objective/scores",
        "rewards/iter  eval/mean_reward  奖励",
    ],
    Role.LEARNING_RATE: [
        "learning_rate  lr  train/lr  train/learning_rate  Training/Learning_Rate  lr-AdamW  lr-AdamW/pg1",
        "lr/pg0  x/lr0  optim/learning_rate_group0  Policy/Learning Rate  epoch_lr  train_lr  L.r.",
        "actor/lr  learning-rate  learning-rate vs samples  学习率  训练/学习率  base_lr",
        "info/learner/default_policy/cur_lr  Loss/learning_rate  charts/learning_rate",
        "lr-DecoupledAdamW/group0",
    ],
    Role.GRAD_NORM: [
        "grad_norm  train/grad_norm  Training/Gradient_Norm  gradient_norm  gnorm  gNorm  grad-norm  norm",
        "optim/total_grad_norm  actor/grad_norm  grad_2.0_norm_total  train_grad_norm",
        "l2_norm/grad/global  梯度范数  global_grad_norm",
    ],
    Role.THROUGHPUT: [
        "tokens_per_second  train/tokens_per_sec  Performance/Tokens_Per_Second  samples_per_second  it/s",
        "fps  tokens_per_second_per_gpu  throughput/device/tokens_per_second  throughput  tok/sec",
        "words/s  wps  time/fps  charts/SPS  tflops  TFLOPs  perf/throughput",
        "throughput per GPU (TFLOP/s/GPU)  速度  steps_per_second  images_per_second  Perf/total_fps",
        "samples/s",
    ],
    Role.STEP_TIME: [
        "step_time  train/step_time  Performance/Step_Time  iteration-time  iter_time  sec_per_step  s/it",
        "dt  batch_time  elapsed time per iteration (ms)  perf/time_per_step  timing_s/step  step_avg",
    ],
    Role.LOAD_TIME: ["data_time  rank_data_time  data_loading_time  train/dataloader_time"],
    Role.EVAL_TIME: ["eval_runtime  eval/runtime  eval_g1_runtime  val/step_time  eval_time"],
    Role.EPOCH: ["epoch  train/epoch  trainer/epoch  Epoch  epochs  current_epoch  训练/轮次"],
    Role.TOKENS: [
        "num_tokens  total_tokens  train/num_input_tokens_seen  throughput/total_tokens  consumed_tokens"
    ],
    Role.AUXILIARY: [
        "policy_loss  train/policy_loss  value_loss  train/value_loss  entropy  train/entropy  kl",
        "train/kl  d_loss  g_loss  train/d_loss  D/loss  loss_G  train/policy_gradient_loss  approx_kl",
        "train/approx_kl  train/clip_fraction  train/explained_variance  train/entropy_loss",
        "actor/pg_loss  actor/ppo_kl  kl_loss  actor/pg_clipfrac  critic/vf_loss  actor/entropy",
        "Losses/Policy Loss  Losses/Value Loss  Policy/Entropy  losses/qf1_loss  losses/old_approx_kl",
        "losses/alpha  loss/policy_avg  Loss/surrogate  LossPi  LossQ  rewards/chosen  rewards/rejected",
        "rewards/margins  logps/chosen  eval_rewards/margins  objective/kl  discriminator loss total",
        "load_balancing_loss  softmax_auxiliary_loss  codebook_loss  router_z_loss",
        "critic/advantages/mean  critic/returns/mean  clip_ratio/region_mean  train/ent_coef_loss",
        "info/learner/default_policy/learner_stats/policy_loss  critic/vf_explained_var",
    ],
    Role.GPU_UTILISATION: [
        "gpu.0.util  gpu.3.gpu  system.gpu.1.gpu  GPU_0/Utilization_Percent  GPUUtil  gpu_utilization",
        "system/gpu_0_utilization_percentage  gpu.0.load  :monitor:gpu/gpu_0_utilization",
    ],
    Role.GPU_MEMORY_USED: [
        "gpu.0.mem_used_gb  GPU_0/Memory_Used_GB  system.gpu.0.memoryAllocatedBytes  gpu_memory  显存",
        "system/gpu_0_memory_usage_megabytes  System/Peak GPU Memory (MB)  Memory/GPU_0_Allocated_GB",
    ],
    Role.GPU_MEMORY_TOTAL: ["gpu.0.mem_total_gb  GPU_0/Memory_Total_GB"],
    Role.GPU_MEMORY_PCT: [
        "system.gpu.0.memoryAllocated  gpu.0.memoryAllocated  gpu.0.mem_util  gpu_0_mem_pct"
    ],
    Role.GPU_TEMPERATURE: ["gpu.0.temp_c  GPU_0/Temperature_C  system.gpu.0.temp  gpu_temperature"],
    Role.GPU_POWER: ["gpu.0.power_w  GPU_0/Power_W  gpu.0.powerWatts  system/gpu_0_power_usage_watts"],
    Role.GPU_CLOCK: ["gpu.0.sm_clock_mhz  gpu.0.smClock  GPU_0/Clock_MHz"],
    Role.GPU_THROTTLE: ["gpu.0.throttle  gpu.0.throttle_reasons"],
    Role.CPU_UTILISATION: ["cpu.util  cpu  system.cpu  cpu_percent  system/cpu_utilization_percentage"],
    Role.HOST_MEMORY_PCT: ["host.mem_used_pct  memory_percent  system.memory_percent  ram_percent"],
    Role.PROCESS_MEMORY: ["host.rss_gb  proc.memory.rssMB"],
    Role.DISK_PCT: ["disk.used_pct  disk  disk./.usagePercent  system/disk_usage_percentage"],
    Role.PROCESS_ALIVE: ["proc.alive"],
    Role.MEMORY: [
        "Memory/Allocated_GB  Memory/Reserved_GB  memory  Pressure_Level  perf/max_memory_allocated_gb"
    ],
    Role.HARDWARE: [
        "gpu.0.powerPercent  gpu.0.memory  system.gpu.0.memoryClock  gpu.0.fanSpeed  cpu.17.cpu_percent",
        "gpu.0.enforcedPowerLimitWatts  network.sent  disk.vda1.in  proc.cpu.threads  host.mem_total_gb",
        "system/gpu_0_power_usage_percentage",
    ],
    Role.CONFIG: [
        "Config/lr  Config/Batch_Size  Dataset/Size  hparams/loss  _hparams_/experiment  n_parameters"
    ],
    Role.SUMMARY: [
        "train/train_loss  train_runtime  train/train_runtime  train_samples_per_second",
        "train_steps_per_second  total_flos  train/total_flos  hp_metric  best_val_loss  final/accuracy",
        "valid_best_loss",
    ],
    Role.OTHER: [
        "train/box_loss  val/cls_loss  eval_box_loss  loss_cls  loss_box_reg  train/dfl_loss  loss_rpn_loc",
        "train_loss_bbox  time  _runtime  _timestamp  step  train/global_step  iteration  mfu",
        "perf/mfu/actor  loss_scale  lr-Adam-momentum  response_length/mean  completions/mean_length",
        "rewards/format_reward/std  reward_std",
        "optim/grad/module.transformer.blocks.0.att_proj.weight.norm  grad_norm/layer.0.weight",
        "params-norm  eval_samples_per_second  eval/steps_per_second  Environment/Episode Length",
        "rollout/ep_len_mean  time/time_elapsed  time/total_timesteps  elapsed_time  eta_seconds",
        "lr_scheduler  test_loss_giou_3  mig.5.1.mem_used_gb  train  eval  mean  memory_loss",
        "num_valid_tokens",
    ],
}
CASES = [(tag, role) for role, lines in SPELLINGS.items() for line in lines for tag in line.split("  ")]

PAIRS = [
    ("loss", "eval_loss"),
    ("train/loss", "eval/loss"),
    ("train/accuracy", "eval/accuracy"),
    ("Training/Loss", "Validation/Loss"),
    ("acc", "val_acc"),
    ("accuracy", "val_acc"),
    ("train_loss_epoch", "val_loss"),
    ("train_loss_step", "val_loss"),
    ("Loss/train", "Loss/val"),
    ("trainLoss", "valLoss"),
    ("training.loss", "validation.loss"),
    ("train/ppl", "val/perplexity"),
    ("lm loss", "lm loss validation"),
    ("loss/train/total", "loss/val/total"),
    ("epoch_accuracy", "epoch_val_accuracy"),
    ("epoch_loss", "evaluation_loss_vs_iterations"),
    ("训练损失", "验证损失"),
    ("trl", "tel"),
    ("Train/mAP50(B)", "Val/mAP50(B)"),
    ("metrics/train/LanguagePerplexity", "metrics/eval/LanguagePerplexity"),
    ("train/box_loss", "val/box_loss"),
    ("losses.train.cls", "losses.val.cls"),
    ("rewards/accuracies", "eval_rewards/accuracies"),
    ("train_acc1", "test_acc1"),
]


def test_there_are_many_spellings() -> None:
    assert len(CASES) == len(dict(CASES)) >= 150
    assert set(SPELLINGS) == set(Role)


@pytest.mark.parametrize(("tag", "role"), CASES)
def test_role(tag: str, role: Role) -> None:
    assert role_of(tag) is role


@pytest.mark.parametrize(("training", "evaluation"), PAIRS)
def test_training_and_evaluation_of_a_metric_pair(training: str, evaluation: str) -> None:
    assert pair_key(training) == pair_key(evaluation)
    assert not is_evaluation(training)
    assert is_evaluation(evaluation)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("train/loss", "train/box_loss"),
        ("top1", "top5"),
        ("eval_g1_loss", "eval_g2_loss"),
        ("policy/loss", "value/loss"),
        ("step_time", "eval_time"),
        ("epoch", "step"),
        ("train/loss", "train/lr"),
    ],
)
def test_different_metrics_do_not_pair(one: str, other: str) -> None:
    assert pair_key(one) != pair_key(other)


def test_pair_keys_are_readable() -> None:
    assert [
        pair_key(tag) for tag in ("Training/Loss", "val_acc", "train/box_loss", "Learning_Rate", "train")
    ] == [
        "loss",
        "accuracy",
        "box_loss",
        "learning_rate",
        "train",
    ]


@pytest.mark.parametrize(
    ("tag", "evaluation"),
    [
        ("eval/loss", True),
        ("epoch_val_loss", True),
        ("test_acc", True),
        ("accuracy_test", True),
        ("valid/loss", True),
        ("num_valid_tokens", False),
        ("latest_loss", False),
        ("value_loss", False),
        ("kl_std_dev", False),
        ("train/loss", False),
        ("evaluators", False),
        ("验证/损失", True),
    ],
)
def test_is_evaluation(tag: str, *, evaluation: bool) -> None:
    assert is_evaluation(tag) is evaluation


@pytest.mark.parametrize(
    ("tag", "index"),
    [
        ("gpu.0.util", 0),
        ("gpu.12.temp_c", 12),
        ("GPU_3/Utilization_Percent", 3),
        ("GPU_X/Power_W", 0),
        ("system/gpu_5_utilization_percentage", 5),
        ("cuda:2/memory", 2),
        ("gpu_memory", 0),
        ("gpu7.util", 7),
        ("cpu.3.cpu_percent", None),
        ("train/loss", None),
        ("mig.5.1.mem_used_gb", None),
    ],
)
def test_gpu_index(tag: str, index: int | None) -> None:
    assert gpu_index(tag) == index


@pytest.mark.parametrize(
    "tag", ["", " ", "/", "...", "\x1b[2J", "\ud800", "🔥", "損", "1/2/3", "()", "(loss)", "vs"]
)
def test_any_text_has_a_role(tag: str) -> None:
    assert role_of(tag) in Role
    assert isinstance(pair_key(tag), str)
    assert is_evaluation(tag) is False
    assert gpu_index(tag) is None


def test_a_role_has_one_direction_at_most() -> None:
    assert not FALLING_IS_GOOD & RISING_IS_GOOD
    assert Role.AUXILIARY not in FALLING_IS_GOOD | RISING_IS_GOOD
    assert not HARDWARE_ROLES & set(CHART_ORDER)
    assert len(CHART_ORDER) == len(set(CHART_ORDER))


def test_names_of_any_length_cost_little() -> None:
    tags = [f"{tag}/{number}" for number in range(50) for tag, _ in CASES] + [
        "a/" * 1_000_000,
        "lr" * 1_000_000,
    ]
    began = time.process_time()
    for tag in tags:
        role_of.__wrapped__(tag)
    assert (time.process_time() - began) / len(tags) < 200e-6  # measured: 12e-6
    assert len(split_tag("a/" * 1_000_000).folders) <= 250
