from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.commands import only_run, run, summarised
from tests.sources.reading import of_kind, read_all
from tuimon.core.batch import ConfigRecord
from tuimon.sources.base import UNBOUNDED, Confidence
from tuimon.sources.config_file import ConfigFactory, is_config_name
from tuimon.sources.config_source import ConfigSource
from tuimon.sources.config_text import read_config, read_yaml
from tuimon.sources.sniffing import is_candidate

YAML = """\
# made by hand
task: detect
epochs: 100   # of them
lr0: 1.0e-2
model: 'yolo: small'
resume: false
device: null
names:
- one
- two: 3
trainer:
  max_steps: 5000
  optim:
    betas: [0.9, 0.999]
last: "#5"
note: |
  a text: of several lines
obj: !!python/object:argparse.Namespace
  depth: 3
"""
PYTHON = """\
import os
_base_ = ['x.py']
train_cfg = dict(max_epochs=12, type='Loop', val_interval=-1)
lr = 0.02
launch = os.system('touch hacked')
"""


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def config_of(*paths: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for record in of_kind(read_all(ConfigSource(paths)), ConfigRecord):
        found |= record.values
    return found


def test_yaml_is_read_as_far_as_trainers_use_it() -> None:
    found = read_yaml(YAML)
    assert found["epochs"] == 100
    assert (found["lr0"], found["resume"], found["device"]) == (0.01, False, None)
    assert (found["model"], found["last"]) == ("yolo: small", "#5")
    assert found["trainer"] == {"max_steps": 5000, "optim": {"betas": "[0.9, 0.999]"}}
    assert found["obj"] == {"depth": 3}


def test_nested_names_are_joined_by_dots(tmp_path: Path) -> None:
    found = config_of(put(tmp_path / "args.yaml", YAML), put(tmp_path / "config.json", '{"a": {"b": [1]}}'))
    assert found["trainer.max_steps"] == 5000
    assert found["a.b"] == "[1]"


def test_python_is_read_and_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = config_of(put(tmp_path / "vis_data" / "config.py", PYTHON))
    assert found["train_cfg.max_epochs"] == 12
    assert found["train_cfg.val_interval"] == -1
    assert (found["lr"], found["launch"]) == (0.02, "(an expression)")
    assert not (tmp_path / "hacked").exists()


def test_a_file_that_changes_tells_what_is_new(tmp_path: Path) -> None:
    path = put(tmp_path / "args.yaml", "epochs: 3\nlr: .nan\nseed: 1\n")
    source = ConfigSource((path,))
    read_all(source)
    assert source.read(UNBOUNDED).bytes_read == 0
    put(path, "epochs: 5\nlr: .nan\nseed: 1\n")
    os.utime(path, (1.6e9, 1.6e9))
    (record,) = of_kind(read_all(source), ConfigRecord)
    assert record.values == {"epochs": 5}
    path.unlink()
    assert source.read(UNBOUNDED).problems == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", "{"),
        ("config.json", "[1]"),
        ("vis_data/config.py", "def ("),
        ("vis_data/config.py", "x = " + "(" * 100_000),
        ("args.yaml", "x" * (2 << 20)),
    ],
)
def test_what_cannot_be_read_is_said_once(tmp_path: Path, name: str, text: str) -> None:
    source = ConfigSource((put(tmp_path / name, text),))
    result = source.read(UNBOUNDED)
    assert (result.records, len(result.problems)) == ((), 1)
    assert source.read(UNBOUNDED).problems == ()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.binary(max_size=300) | st.text("ab: #-'\"{}[]\n=(),0.dict", max_size=200).map(str.encode))
def test_no_content_raises_anything_else(text: bytes) -> None:
    for suffix in (".yaml", ".json", ".py"):
        with suppress(ValueError):
            assert isinstance(read_config(text, suffix), dict)


def test_every_name_is_looked_at() -> None:
    for name in ("args.yaml", "opt.yaml", "hparams.yaml", "config.json", "configuration.yaml"):
        assert is_config_name(Path(name))
        assert is_candidate(name)
        assert ConfigFactory().sniff(Path(name), b"a: 1").confidence is Confidence.LIKELY
    assert is_candidate("config.py")
    assert not is_config_name(Path("src/config.py"))


def test_hyper_parameters_belong_to_the_run_beside_them_and_make_none(tmp_path: Path) -> None:
    put(tmp_path / "only" / "args.yaml", "epochs: 3\n")
    put(tmp_path / "run" / "args.yaml", "epochs: 3\n")
    put(tmp_path / "run" / "metrics.jsonl", '{"step": 1, "loss": 2}\n')
    put(tmp_path / "sweep" / "config.yaml", "epochs: 9\n")
    for number in range(2):
        put(tmp_path / "sweep" / f"run{number}.jsonl", '{"step": 1, "loss": 2}\n')
    found = {each["run"]: each["config"] for each in summarised(tmp_path)["runs"]}
    assert found == {"run": {"epochs": 3}, "sweep/run0": {}, "sweep/run1": {}}
    alone = run("summary", tmp_path / "only" / "args.yaml")
    assert (alone.code, "holds hyper-parameters, no metrics" in alone.err) == (3, True)


def test_the_folder_above_the_runs_of_ml_agents_tells_their_total(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"step": step, "loss": 1.0}) + "\n" for step in (100, 200))
    put(tmp_path / "configuration.yaml", "behaviors:\n  Walker:\n    max_steps: 1000\n")
    put(tmp_path / "Walker" / "metrics.jsonl", rows)
    assert only_run(tmp_path)["total_steps"] == 1000
