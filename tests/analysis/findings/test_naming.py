"""Tests of what a series is called in a sentence."""

from __future__ import annotations

import pytest

from tuimon.analysis.findings.naming import spoken


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("train/loss", "loss"),
        ("Training/Loss", "loss"),
        ("trainLoss", "loss"),
        ("eval_loss", "eval loss"),
        ("val/acc", "eval accuracy"),
        ("Training/Gradient_Norm", "gradient norm"),
        ("total_loss", "loss"),
        # Of several losses or scores the sentence says which.
        ("loss_cls", "loss_cls"),
        ("val/mIoU", "eval accuracy val/mIoU"),
        ("eval_g0_accuracy", "eval_g0_accuracy"),
        ("trl", "loss trl"),
        ("eval_de/loss", "eval_de/loss"),
        ("rollout/ep_rew_mean", "reward rollout/ep_rew_mean"),
        ("layer.12/grad_norm", "layer.12/grad_norm"),
    ],
)
def test_a_series_is_called_by_its_role_unless_its_tag_says_more(tag: str, name: str) -> None:
    assert spoken(tag) == name


def test_a_long_tag_leaves_room_for_the_sentence() -> None:
    assert len(spoken("model/" + "block/" * 40 + "loss")) <= 60
