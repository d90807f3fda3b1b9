from __future__ import annotations

import json
import os
import shutil
import struct
import time
from pathlib import Path

import pytest

from tests.sources import truth
from tests.sources.reading import points_by_tag, read_all
from tuimon.core.framing import masked_crc
from tuimon.core.text import clean
from tuimon.sources.base import Confidence, Discovery, RunRef
from tuimon.sources.discovery import Discoverer, discover, explain
from tuimon.sources.naming import Root, name_runs, parse_root
from tuimon.sources.registry import FACTORIES, open_source

ROWS = '{"step": 1, "loss": 2.5}\n{"step": 2, "loss": 2.0}\n'
EVENTS = "events.out.tfevents.1700000000.host.7.0"


def lines(path: Path, text: str = ROWS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def events(folder: Path, tag: str = "loss", name: str = EVENTS) -> Path:
    """Write an event file with one scalar."""
    value = b"\x0a" + bytes([len(tag)]) + tag.encode() + b"\x15" + struct.pack("<f", 1.5)
    summary = b"\x0a" + bytes([len(value)]) + value
    begin = b"\x09" + struct.pack("<d", 1.7e9)
    records = begin + b"\x1a\x0dbrain.Event:2", begin + b"\x10\x03\x2a" + bytes([len(summary)]) + summary
    framed = b""
    for record in records:
        length = struct.pack("<Q", len(record))
        framed += (
            length + struct.pack("<I", masked_crc(length)) + record + struct.pack("<I", masked_crc(record))
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(framed)
    return folder / name


def state(folder: Path, step: int, max_steps: int = 600, loss: float = 1.0) -> Path:
    rows = [{"epoch": n / 100, "loss": loss, "step": n} for n in range(10, step + 1, 10)]
    facts = {"global_step": step, "log_history": rows, "max_steps": max_steps}
    return lines(folder / "trainer_state.json", json.dumps(facts, indent=2, sort_keys=True))


def at(*paths: Path) -> Discovery:
    return discover([Root(path) for path in paths])


def names(*paths: Path) -> list[str]:
    return [run.name for run in at(*paths).runs]


def only(path: Path) -> RunRef:
    (run,) = at(path).runs
    return run


def files(run: RunRef, root: Path) -> dict[tuple[str, str], list[str]]:
    """Return the files of a run by format and prefix."""
    return {(s.format, s.prefix): [str(p.relative_to(root)) for p in s.paths] for s in run.sources}


def tags(run: RunRef) -> set[str]:
    return {tag for ref in run.sources for tag in points_by_tag(read_all(open_source(ref)))}


def test_a_folder_with_files_of_a_run_is_named_by_its_path(tmp_path: Path) -> None:
    events(tmp_path / "a" / "run2")
    events(tmp_path / "a" / "run10")
    lines(tmp_path / "b" / "metrics.jsonl")
    state(tmp_path / "c", 30)
    assert names(tmp_path) == ["a/run2", "a/run10", "b", "c"]
    os.utime(tmp_path / "b" / "metrics.jsonl", (1234.5, 1234.5))
    assert at(tmp_path / "b").runs[0].mtime == 1234.5


def test_companions_belong_to_the_run_of_their_folder(tmp_path: Path) -> None:
    events(tmp_path / "out")
    lines(tmp_path / "out" / "trainer_log.jsonl")
    lines(tmp_path / "out" / "my_own_name.jsonl")
    state(tmp_path / "out", 30)
    run = only(tmp_path)
    assert [ref.format for ref in run.sources] == ["tfevents", "jsonl", "jsonl", "hf"]
    assert run.path == tmp_path / "out"


def test_generic_files_side_by_side_are_runs(tmp_path: Path) -> None:
    for n in range(12):
        lines(tmp_path / "runs" / f"run{n:04d}.jsonl")
    found = at(tmp_path / "runs")
    assert [run.name for run in found.runs] == [f"run{n:04d}" for n in range(12)]
    assert found.runs[3].path == tmp_path / "runs" / "run0003.jsonl"
    lines(tmp_path / "runs" / "run0003.ndjson")
    assert {"run0003.jsonl", "run0003.ndjson"} < set(names(tmp_path / "runs"))


def test_train_eval_system_and_ranks_are_parts_of_one_run(tmp_path: Path) -> None:
    for name in ("train", "eval", "system", "rank_0", "rank_1"):
        lines(tmp_path / "run" / f"{name}.jsonl")
    run = only(tmp_path)
    assert sorted(ref.prefix for ref in run.sources) == ["", "", "", "eval/", "rank_1/"]
    assert tags(run) == {"loss", "eval/loss", "rank_1/loss"}


def test_a_prefix_is_not_said_twice(tmp_path: Path) -> None:
    lines(tmp_path / "run" / "eval.jsonl", '{"step": 1, "eval_loss": 1, "eval/acc": 1, "f1": 1}\n')
    assert tags(only(tmp_path)) == {"eval_loss", "eval/acc", "eval/f1"}
    lines(tmp_path / "run" / "rank_1.jsonl", '{"step": 1, "rank_1/loss": 1, "lr": 1}\n')
    assert {"rank_1/loss", "rank_1/lr"} < tags(only(tmp_path))


def test_keras_phases_are_parts_of_one_run(tmp_path: Path) -> None:
    for run in ("first", "second"):
        events(tmp_path / run / "train", "epoch_loss")
        events(tmp_path / run / "validation", "epoch_loss")
    found = at(tmp_path).runs
    assert [run.name for run in found] == ["first", "second"]
    assert tags(found[0]) == {"epoch_loss", "validation/epoch_loss"}
    assert names(tmp_path / "first" / "train") == ["train"]


def test_a_run_that_is_called_train_beside_others_is_a_run(tmp_path: Path) -> None:
    events(tmp_path / "train")
    events(tmp_path / "finetune")
    assert names(tmp_path) == ["finetune", "train"]


def test_folders_of_add_scalars_are_parts_and_other_subfolders_are_runs(tmp_path: Path) -> None:
    events(tmp_path / "run", "lr")
    events(tmp_path / "run" / "Loss_all_train", "Loss/all")
    events(tmp_path / "run" / "Loss_all_val", "Loss/all")
    events(tmp_path / "run" / "1700000000.123", "hp_metric")
    events(tmp_path / "run" / "child_run", "loss")
    found = at(tmp_path).runs
    assert [run.name for run in found] == ["run", "run/child_run"]
    assert tags(found[0]) == {"lr", "hp_metric", "Loss_all_train/Loss/all", "Loss_all_val/Loss/all"}


def test_the_layout_of_hugging_face_is_one_run(tmp_path: Path) -> None:
    out = tmp_path / "outputs" / "llama"
    events(out / "runs" / "Apr09_19-34-17_node-3")
    events(out / "runs" / "Apr10_08-00-00_node-4", name=EVENTS.replace("17000", "17001"))
    for step in (100, 200):
        state(out / f"checkpoint-{step}", step)
    state(out, 250)
    run = only(tmp_path)
    assert (run.name, run.path) == ("outputs/llama", out)
    assert files(run, out) == {
        ("tfevents", ""): [
            f"runs/Apr09_19-34-17_node-3/{EVENTS}",
            f"runs/Apr10_08-00-00_node-4/{EVENTS.replace('17000', '17001')}",
        ],
        ("hf", ""): [
            "checkpoint-100/trainer_state.json",
            "checkpoint-200/trainer_state.json",
            "trainer_state.json",
        ],
    }


def test_date_folders_without_a_training_beside_them_are_runs(tmp_path: Path) -> None:
    events(tmp_path / "runs" / "Apr09_19-34-17_node")
    events(tmp_path / "runs" / "Apr10_19-34-17_node")
    assert names(tmp_path) == ["runs/Apr09_19-34-17_node", "runs/Apr10_19-34-17_node"]


def test_the_hand_made_layout_is_one_run(tmp_path: Path) -> None:
    out = tmp_path / "qwen"
    events(out / "tensorboard_logs" / "qwen_20250101_120000")
    events(out / "tensorboard_logs" / "qwen_20250102_080000", name=EVENTS.replace("17000", "17001"))
    lines(out / "training_logs" / "metrics.jsonl")
    lines(out / "logs" / "train_20250101.jsonl")
    state(out / "checkpoints" / "checkpoint-100", 100)
    (out / "training_statistics.json").write_text('{"total_time": 3}')
    run = only(tmp_path)
    assert (run.name, len(run.sources)) == ("qwen", 4)


def test_folders_of_different_trainings_below_logs_are_runs(tmp_path: Path) -> None:
    events(tmp_path / "project" / "logs" / "bert")
    events(tmp_path / "project" / "logs" / "gpt")
    (tmp_path / "project" / "checkpoints").mkdir()
    assert names(tmp_path) == ["project/logs/bert", "project/logs/gpt"]


def test_checkpoints_of_several_trainings_in_one_folder_are_told_apart(tmp_path: Path) -> None:
    results = tmp_path / "results"
    for step in (30, 60):
        state(results / f"checkpoint-{step}", step, max_steps=60, loss=3.0)
    for step in (500, 6100):
        state(results / f"checkpoint-{step}", step, max_steps=6100)
    state(results / "checkpoint-700", 700, max_steps=6100, loss=9.0)
    lines(
        results / "checkpoint-5900" / "trainer_state.json",
        '{"best_metric": null, "global_step": 5900, "log_hi',
    )
    for age, step in enumerate((30, 60, 700, 5900, 500, 6100)):
        os.utime(results / f"checkpoint-{step}" / "trainer_state.json", (1000 + age, 1000 + age))
    found = {run.name: [path.parent.name for path in run.sources[0].paths] for run in at(tmp_path).runs}
    assert found == {
        "results": ["checkpoint-500", "checkpoint-5900", "checkpoint-6100"],
        "results/checkpoint-60": ["checkpoint-30", "checkpoint-60"],
        "results/checkpoint-700": ["checkpoint-700"],
    }


@pytest.mark.parametrize("given", ["checkpoint-100", "checkpoint-100/trainer_state.json"])
def test_a_checkpoint_that_is_named_is_a_run_that_ends_there(tmp_path: Path, given: str) -> None:
    for step in (100, 200):
        state(tmp_path / f"checkpoint-{step}", step)
    run = only(tmp_path / given)
    assert run.name == Path(given).with_suffix("").name
    assert dict(run.notes) == {"checkpoint": "checkpoint-100", "time": "of the file"}
    assert points_by_tag(read_all(open_source(run.sources[0])))["loss"].steps[-1] == 100


def test_a_given_run_has_its_own_name_and_a_given_file_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = lines(tmp_path / "my run (2)" / "metrics.jsonl")
    events(tmp_path / "my run (2)" / "child")
    assert names(run.parent) == ["child", "my run (2)"]
    assert names(run) == ["metrics"]
    monkeypatch.chdir(run.parent)
    assert names(Path()) == ["child", "my run (2)"]


def test_equal_names_of_two_paths_get_what_tells_them_apart(tmp_path: Path) -> None:
    for path in ("x/outputs/run1", "y/outputs/run1", "y/outputs/run2"):
        lines(tmp_path / path / "metrics.jsonl")
    both = tmp_path / "x" / "outputs", tmp_path / "y" / "outputs"
    assert names(*both) == ["run2", "x/outputs/run1", "y/outputs/run1"]
    assert names(*(root / "run1" / "metrics.jsonl" for root in both)) == [
        "x/outputs/run1/metrics",
        "y/outputs/run1/metrics",
    ]


def test_a_run_below_two_given_paths_comes_once(tmp_path: Path) -> None:
    lines(tmp_path / "a" / "b" / "metrics.jsonl")
    assert names(tmp_path, tmp_path / "a") == ["a/b"]


def test_a_name_may_be_given(tmp_path: Path) -> None:
    lines(tmp_path / "a" / "metrics.jsonl")
    events(tmp_path / "a" / "child")
    root = parse_root(f"mine={tmp_path / 'a'}")
    assert root == Root(tmp_path / "a", "mine")
    assert [run.name for run in discover([root]).runs] == ["mine", "mine/child"]
    lines(tmp_path / "lr=0.1" / "metrics.jsonl")
    assert parse_root(str(tmp_path / "lr=0.1")) == Root(tmp_path / "lr=0.1")
    assert parse_root("plain") == Root(Path("plain"))


def test_names_are_all_different_and_drive_no_terminal(tmp_path: Path) -> None:
    hostile = [
        "a\nb",
        "a b",
        "\x1b[2Jx",
        "训练 (１)",
        "-rf",
        "x\u202ey",
        "%s{}",
        "a\tb",
        os.fsdecode(b"\xff\xfe"),
    ]
    for name in hostile:
        lines(tmp_path / name / "metrics.jsonl")
    found = names(tmp_path)
    assert len(set(found)) == len(hostile)
    assert all(clean(name) == name for name in found)
    assert "训练 (１)" in found
    for run in at(tmp_path).runs:
        assert points_by_tag(read_all(open_source(run.sources[0])))["loss"].values.tolist() == [2.5, 2.0]


def test_nothing_there_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    lines(tmp_path / "other" / "notes.txt", "hello\n")
    said = {
        Path(problem.path).name: problem.message
        for problem in at(*(tmp_path / n for n in ("missing", "empty", "other"))).problems
    }
    assert said["missing"] == "does not exist; check the path"
    assert said["empty"].startswith("is empty")
    assert said["other"].startswith("holds no training run that tuimon can read")
    assert "no log of metrics" in at(tmp_path / "other" / "notes.txt").problems[0].message
    assert discover([]) == Discovery((), (), 0)


def test_what_should_be_metrics_and_is_not_is_said(tmp_path: Path) -> None:
    lines(tmp_path / EVENTS, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    (tmp_path / "junk.jsonl").write_bytes(bytes(range(128, 256)) * 9)
    lines(tmp_path / "examples.jsonl", '{"text": "hello"}\n')
    lines(tmp_path / "run.jsonl")
    found = at(tmp_path)
    assert [run.name for run in found.runs] == ["run"]
    assert {Path(problem.path).name: problem.message for problem in found.problems} == {
        EVENTS: "Git LFS pointer: run git lfs pull",
        "junk.jsonl": "was left out: its first lines are no JSON objects",
    }


def test_companions_of_other_systems_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    run = events(tmp_path / "run")
    shutil.copy(run, run.parent / f"._{EVENTS}")
    lines(run.parent / "metrics.jsonl:Zone.Identifier", "[ZoneTransfer]\n")
    lines(tmp_path / ".git" / "metrics.jsonl")
    lines(tmp_path / "node_modules" / "metrics.jsonl")
    assert files(only(tmp_path), run.parent) == {("tfevents", ""): [EVENTS]}
    assert at(tmp_path).problems == ()
    assert names(tmp_path / ".git") == [".git"]


def test_links_and_loops_of_them_count_once(tmp_path: Path) -> None:
    run = lines(tmp_path / "z" / "run" / "metrics.jsonl")
    (tmp_path / "a_latest").symlink_to(run.parent)
    (tmp_path / "z" / "run" / "up").symlink_to(tmp_path)
    (tmp_path / "z" / "self").symlink_to(tmp_path / "z" / "self")
    (tmp_path / "latest.jsonl").symlink_to(run)
    outside = lines(tmp_path.parent / f"{tmp_path.name}-outside" / "metrics.jsonl")
    (tmp_path / "elsewhere").symlink_to(outside.parent)
    assert names(tmp_path) == ["elsewhere", "z/run"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    lines(tmp_path / "run" / "metrics.jsonl")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert [(problem.path, problem.message) for problem in at(tmp_path).problems] == [
        (str(closed), "could not be listed: Permission denied")
    ]


def test_a_folder_that_cannot_be_listed_hides_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines(tmp_path / "run" / "metrics.jsonl")
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = at(tmp_path)
    assert [run.name for run in found.runs] == ["run"]
    said = ["could not be listed: Permission denied"]
    assert [problem.message for problem in found.problems] == said
    assert [problem.message for problem in at(tmp_path / "closed").problems] == said


def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "metrics.jsonl")
    lines(tmp_path / "run.jsonl")
    assert names(tmp_path) == ["run"]
    assert at(tmp_path / "metrics.jsonl").runs == ()


def test_a_file_is_opened_again_only_until_it_is_known(tmp_path: Path) -> None:
    class Counting:
        format = "jsonl"
        sniffed = 0

        def __getattr__(self, name: str) -> object:
            return getattr(FACTORIES[1], name)

        def sniff(self, path: Path, head: bytes) -> object:
            self.sniffed += 1
            return FACTORIES[1].sniff(path, head)

    counting = Counting()
    discoverer = Discoverer((counting,))  # type: ignore[arg-type]  # it behaves as the factory that it counts for
    path = lines(tmp_path / "log.txt", "starting\n")
    root = Root(tmp_path)
    assert discoverer.discover([root]).runs == discoverer.discover([root]).runs == ()
    assert counting.sniffed == 1
    lines(path, ROWS)
    assert len(discoverer.discover([root]).runs) == 1
    with path.open("a") as file:
        file.write(ROWS)
    assert len(discoverer.discover([root]).runs) == 1
    assert counting.sniffed == 2
    path.unlink()
    lines(path, "something else\n")
    assert discoverer.discover([root]).runs == ()


def test_new_files_join_their_run_and_new_runs_appear(tmp_path: Path) -> None:
    discoverer = Discoverer()
    root = Root(tmp_path)
    state(tmp_path / "out" / "checkpoint-100", 100)
    (before,) = discoverer.discover([root]).runs
    state(tmp_path / "out" / "checkpoint-200", 200)
    events(tmp_path / "new")
    new, after = discoverer.discover([root]).runs
    assert (new.name, after.name) == ("new", before.name)
    assert after.sources[0].paths[:1] == before.sources[0].paths
    assert len(after.sources[0].paths) == 2


def test_every_file_is_explained(tmp_path: Path) -> None:
    lines(tmp_path / "metrics.jsonl")
    lines(tmp_path / "notes.md", "hello")
    lines(tmp_path / "set.jsonl", '{"question": "how many?", "answer": 3}\n')
    found = {verdict.path.name: (verdict.format, verdict.confidence) for verdict in explain(tmp_path)}
    assert found == {
        "metrics.jsonl": ("jsonl", Confidence.CERTAIN),
        "notes.md": (None, Confidence.NO),
        "set.jsonl": ("jsonl", Confidence.POSSIBLE),
    }
    assert all(verdict.reason for verdict in explain(tmp_path))
    assert [verdict.format for verdict in explain(tmp_path / "metrics.jsonl")] == ["jsonl"]
    assert [verdict.confidence for verdict in explain(tmp_path / "missing")] == [Confidence.NO]


def table(path: Path, header: str = "epoch,loss") -> Path:
    names = header.split(",")
    return lines(path, f"{header}\n" + "".join(",".join([str(n)] * len(names)) + "\n" for n in range(3)))


def test_tables_side_by_side_are_runs_and_companions_are_one(tmp_path: Path) -> None:
    for number in range(5):
        table(tmp_path / "results" / f"run{number}.csv")
    table(tmp_path / "one" / "metrics.csv", "step,epoch,train_loss")
    lines(tmp_path / "one" / "metrics.jsonl")
    state(tmp_path / "one", 20)
    events(tmp_path / "one")
    assert names(tmp_path) == ["one", *(f"results/run{number}" for number in range(5))]
    (one,) = (run for run in at(tmp_path).runs if run.name == "one")
    assert [ref.format for ref in one.sources] == ["tfevents", "jsonl", "csv", "hf"]


def test_sets_of_examples_are_no_runs(tmp_path: Path) -> None:
    table(tmp_path / "iris.csv", "sepal length,sepal width,petal length")
    table(tmp_path / "houses.csv", "id,price,rooms")
    lines(tmp_path / "reviews.csv", "epoch,text,label\n1,so good,positive\n2,so bad,negative\n")
    lines(tmp_path / "notes.txt", "Dear all, here is\nwhat I wanted, to say\n")
    lines(tmp_path / "numbers.csv", "1,2,3\n4,5,6\n")
    assert names(tmp_path) == []


def test_dvclive_is_one_run_with_what_lies_beside_it(tmp_path: Path) -> None:
    live = tmp_path / "job" / "dvclive" / "plots" / "metrics"
    table(live / "train" / "loss.tsv", "step\tloss".replace(",", "\t"))
    for tag in ("train/loss", "eval/loss", "lr"):
        lines(live / f"{tag}.tsv", f"step\t{Path(tag).name}\n1\t0.5\n")
    assert names(tmp_path) == ["job"]
    (found,) = at(tmp_path).runs
    assert tags(found) == {"train/loss", "eval/loss", "lr"}
    assert tags(at(tmp_path / "job" / "dvclive").runs[0]) == {"train/loss", "eval/loss", "lr"}


def test_runs_of_ultralytics_are_called_train(tmp_path: Path) -> None:
    header = "epoch,time,train/box_loss,lr/pg0"
    table(tmp_path / "runs" / "detect" / "train" / "results.csv", header)
    events(tmp_path / "runs" / "detect" / "train")
    assert names(tmp_path) == ["runs/detect/train"]
    table(tmp_path / "runs" / "detect" / "train2" / "results.csv", header)
    assert names(tmp_path) == ["runs/detect/train", "runs/detect/train2"]


def test_monitors_of_several_environments_are_one_run(tmp_path: Path) -> None:
    for number in range(3):
        lines(tmp_path / "ppo" / f"{number}.monitor.csv", '#{"t_start": 1.7e9}\nr,l,t\n1.5,10,0.5\n')
    (found,) = at(tmp_path).runs
    assert found.name == "ppo"
    assert [ref.prefix for ref in found.sources] == ["", "env_1/", "env_2/"]
    assert tags(found) == {f"{env}{name}" for env in ("", "env_1/", "env_2/") for name in "rlt"}


def test_thousands_of_folders_take_about_a_second(tmp_path: Path) -> None:
    for n in range(3000):
        folder = tmp_path / f"sweep{n % 30}" / f"run{n}"
        folder.mkdir(parents=True)
        (folder / "metrics.jsonl").write_text(ROWS)
        (folder / "model.safetensors").write_bytes(b"x")
    discoverer = Discoverer()
    begin_s = time.process_time()
    assert len(discoverer.discover([Root(tmp_path)]).runs) == 3000
    middle_s = time.process_time()
    assert len(discoverer.discover([Root(tmp_path)]).runs) == 3000
    end_s = time.process_time()
    assert middle_s - begin_s < 3
    assert end_s - middle_s < 2


def test_no_names_for_no_runs() -> None:
    assert name_runs([]) == []


@pytest.mark.shared
def test_the_real_tree_gives_its_runs() -> None:
    truth.entries()
    known = {"tfevents", "jsonl", "csv", "hf"}
    runs = at(truth.FOLDER / "files").runs
    found = {run.name: run for run in runs if known & {ref.format for ref in run.sources}}
    assert len(found) == 53
    assert tags(found["AguLeon__LoRA_RoBERTa_AGNews/results"]) >= {"loss", "eval_loss", "grad_norm"}
    dreamer = found["epistoteles__dreamer-goal-conditioned/logdir/dmc_walker_walk/dreamer/1"]
    assert [(ref.format, len(ref.paths)) for ref in dreamer.sources] == [("tfevents", 5), ("jsonl", 1)]
    keras = "10tanmay100__DEEPCNNCLASSIFIER/artifacts/prepare_callbacks/tensorboard_log_dir"
    assert {"epoch_loss", "validation/epoch_loss"} <= tags(found[f"{keras}/tb_logs_at_2022-09-25-10-39-45"])
    episodes = found["DLR-RM__rl-trained-agents/a2c/Acrobot-v1_1"]
    assert [(ref.format, ref.prefix) for ref in episodes.sources] == [("csv", ""), ("csv", "env_1/")]
    jobs = found["gbencheikh__RL_Job_Shop_Problem/logs"]
    assert [ref.format for ref in jobs.sources][:2] == ["tfevents", "csv"]
    mistral = found["syGOAT__Mistral-v0.2-Translator-bf16"]
    assert [(ref.format, len(ref.paths)) for ref in mistral.sources] == [("jsonl", 1), ("hf", 5)]
