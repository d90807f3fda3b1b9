"""The run `huggingface`: a tiny GPT-2 trained by the Trainer of transformers, without anything downloaded."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.utils.logging import disable_progress_bar

from scripts.sample_runs import corpus, language_model
from scripts.sample_runs.clock import VirtualClock
from scripts.sample_runs.training import make_reproducible

SEED = 42
SEQUENCE_LENGTH = 64
BATCH_SIZE = 16
STEPS_PER_EPOCH = 200
EVALUATION_BATCHES = 10
STEP_S = 0.8
EVALUATION_BATCH_S = 0.35
SAVE_S = 2.5
OUTPUT = "outputs/tiny-gpt2"  # as a user would name it: the Trainer writes this into best_model_checkpoint
ARGUMENTS = {
    "output_dir": OUTPUT,
    "num_train_epochs": 3,
    "per_device_train_batch_size": BATCH_SIZE,
    "per_device_eval_batch_size": BATCH_SIZE,
    "learning_rate": 2e-3,
    "lr_scheduler_type": "cosine",
    "warmup_steps": 40,
    "weight_decay": 0.01,
    "logging_steps": 5,
    "eval_strategy": "steps",
    "eval_steps": 50,
    "save_strategy": "steps",
    "save_steps": 100,
    "load_best_model_at_end": True,
    "metric_for_best_model": "eval_loss",
    "greater_is_better": False,
    "seed": SEED,
    "use_cpu": True,
    "report_to": "none",
    "disable_tqdm": True,
    "log_level": "error",
}


class _Timekeeper(TrainerCallback):  # type: ignore[misc]  # transformers publishes no types to the type check
    """Tells a virtual clock how long the parts of the training took."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def on_step_end(self, *_: object, **__: object) -> None:
        """A training step is over."""
        self._clock.advance(STEP_S)

    def on_prediction_step(self, *_: object, **__: object) -> None:
        """A batch of the evaluation is over."""
        self._clock.advance(EVALUATION_BATCH_S)

    def on_save(self, *_: object, **__: object) -> None:
        """A checkpoint is written."""
        self._clock.advance(SAVE_S)


def make(folder: Path) -> None:
    """Train the model and keep every `trainer_state.json` that the Trainer wrote, at its place."""
    make_reproducible(SEED)
    disable_progress_bar()
    folder = folder.resolve()
    clock = VirtualClock(day=4, seed=SEED)
    with tempfile.TemporaryDirectory() as workplace, chdir(workplace), clock.as_system_time():
        _train(clock)
        for state in sorted(Path(OUTPUT).rglob("trainer_state.json")):
            kept = folder / state.relative_to(OUTPUT)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(state, kept)


def _train(clock: VirtualClock) -> None:
    text = corpus.compose_text(STEPS_PER_EPOCH * BATCH_SIZE * SEQUENCE_LENGTH + 1, seed=41)
    held_out_text = corpus.compose_text(EVALUATION_BATCHES * BATCH_SIZE * SEQUENCE_LENGTH + 1, seed=42)
    alphabet = corpus.alphabet_of(text)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(alphabet),
            n_positions=SEQUENCE_LENGTH,
            n_embd=64,
            n_layer=2,
            n_head=4,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=0,
            eos_token_id=0,
        )
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(**ARGUMENTS),
        train_dataset=_examples(text, alphabet)[: STEPS_PER_EPOCH * BATCH_SIZE],
        eval_dataset=_examples(held_out_text, alphabet)[: EVALUATION_BATCHES * BATCH_SIZE],
        callbacks=[_Timekeeper(clock)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.save_state()


def _examples(text: str, alphabet: str) -> list[dict[str, torch.Tensor]]:
    """Cut a text into what the Trainer feeds to a causal language model."""
    sequences = language_model.cut_sequences(corpus.encode(text, alphabet), SEQUENCE_LENGTH)[:, :-1]
    return [{"input_ids": sequence, "labels": sequence} for sequence in sequences]
