"""`training_args.bin` tells its settings, and nothing in it is run."""

from __future__ import annotations

import enum
import io
import json
import os
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.commands import only_run
from tuimon.sources.pickled_config import read_training_args


class Strategy(enum.StrEnum):
    STEPS = "steps"


class Named:
    """Is written as Python 3.11.2 writes a member of an enumeration."""

    def __reduce__(self) -> tuple[object, ...]:
        return getattr, (Strategy, "STEPS")


class TrainingArguments:
    def __init__(self, **settings: object) -> None:
        self.__dict__ |= settings


class Hostile:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("made_by_a_pickle",)


def packed(program: bytes) -> bytes:
    """Return a file as `torch.save` writes it: the pickle beside other members of a zip file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("training_args/data.pkl", program)
        archive.writestr("training_args/version", b"3\n")
    return buffer.getvalue()


SETTINGS = {
    "output_dir": "out", "max_steps": -1, "num_train_epochs": 3, "learning_rate": 5e-5, "fp16": True,
    "seed": None, "save_strategy": Strategy.STEPS, "label_names": ["a", "b"], "optim_args": {"eps": 1e-8},
    "_n_gpu": 2, "steps": 70000, "large": 2**40,
}  # fmt: skip


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_settings_are_read_by_name(protocol: int) -> None:
    found = read_training_args(packed(pickle.dumps(TrainingArguments(**SETTINGS), protocol)))
    wanted = {name: value for name, value in SETTINGS.items() if name != "_n_gpu"}
    assert found == wanted | {"save_strategy": "steps"}


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_member_of_an_enumeration_is_known_by_its_name_too(protocol: int) -> None:
    found = read_training_args(packed(pickle.dumps(TrainingArguments(save_strategy=Named()), protocol)))
    assert found == {"save_strategy": "steps"}


def test_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = pickle.dumps(TrainingArguments(seed=1, trap=Hostile()))
    assert read_training_args(packed(program))["seed"] == 1
    assert list(tmp_path.iterdir()) == []
    pickle.loads(program)  # noqa: S301  # to see that it would have been
    assert [path.name for path in tmp_path.iterdir()] == ["made_by_a_pickle"]


def test_they_belong_to_the_run_beside_them(tmp_path: Path) -> None:
    rows = (json.dumps({"step": step, "loss": 1 / (step + 1)}) + "\n" for step in range(20))
    (tmp_path / "metrics.jsonl").write_text("".join(rows))
    arguments = TrainingArguments(max_steps=80, learning_rate=0.5)
    (tmp_path / "training_args.bin").write_bytes(packed(pickle.dumps(arguments)))
    found = only_run(tmp_path)
    assert (found["total_steps"], found["config"]["learning_rate"], found["problems"]) == (80, 0.5, [])
    (tmp_path / "training_args.bin").write_bytes(packed(pickle.dumps(arguments)[:40]))
    (problem,) = only_run(tmp_path)["problems"]
    assert "training_args.bin" in problem["path"]


WHOLE = pickle.dumps(TrainingArguments(**SETTINGS))


@given(st.integers(0, len(WHOLE)), st.binary(max_size=12), st.integers(0, 9))
def test_damage_is_told(at: int, junk: bytes, gone: int) -> None:
    program = WHOLE[:at] + junk + WHOLE[at + gone :]
    for content in (packed(program), program):
        with suppress(ValueError):
            assert isinstance(read_training_args(content), dict)
