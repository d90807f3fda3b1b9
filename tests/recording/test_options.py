from __future__ import annotations

import pytest

from tuimon.recording.options import options_of, without_secrets


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("python train.py --lr 3e-4 --epochs 10", {"lr": 3e-4, "epochs": 10}),
        ("python train.py --lr=3e-4 --name=a=b", {"lr": 3e-4, "name": "a=b"}),
        ("python train.py --fp16 --lr 1", {"fp16": True, "lr": 1}),
        ("python train.py --fp16", {"fp16": True}),
        ("python train.py --offset -1.5 --bias --seed 3", {"offset": -1.5, "bias": True, "seed": 3}),
        ("python train.py model.depth=12 +path=/d ++x=true", {"model.depth": 12, "path": "/d", "x": True}),
        ("torchrun --nproc 8 train.py --max_steps 10_000", {"nproc": 8, "max_steps": 10000}),
        ("python -m train -v 3 config.yaml", {}),
        ("python train.py --api-key abc --hub_token=xyz", {"api-key": "(hidden)", "hub_token": "(hidden)"}),
        ("python train.py --max_tokens 5", {"max_tokens": 5}),
        ("python", {}),
    ],
)  # fmt: skip
def test_the_options_of_a_command(command: str, options: dict[str, object]) -> None:
    assert options_of(command.split()) == options


def test_secrets_are_not_told() -> None:
    command = "python train.py --api-key abc --hub_token=xyz db.password=p --token --fp16"
    shown = "python train.py --api-key (hidden) --hub_token=(hidden) db.password=(hidden) --token --fp16"
    assert " ".join(without_secrets(command.split())) == shown
