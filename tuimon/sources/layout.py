"""Which folders are parts of a run that lies above them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tuimon.core.frozen import frozen
from tuimon.sources.sniffing import read_head

# Part of any run: Hugging Face's checkpoints, logs of mmengine and DVCLive.
_CHECKPOINT = re.compile(r"^checkpoint[-_](\d+|best|last|final)$")
INNER_FOLDERS = frozenset({"vis_data", "dvclive"})
_RANK = re.compile(r"^rank[-_]?(\d+)$")
# PyTorch's hparams writer makes a folder named by the time beside the event file.
_HPARAMS = re.compile(r"^\d{10}(\.\d+)?$")
_TRAIN_FOLDERS = frozenset({"train", "training"})
_EVALUATION_FOLDERS = frozenset({"validation", "valid", "val", "eval", "evaluation", "test"})
# SummaryWriter's and Hugging Face's default: month, day, time and host.
_DATE_HOST = re.compile(r"^[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_")
_BOARD_FOLDERS = frozenset({"tensorboard_logs", "tensorboard_log", "tensorboard", "tb_logs"})
_OUTPUT_FOLDERS = _BOARD_FOLDERS | {"training_logs", "logs", "checkpoints", "runs"}
_WANDB_RUN = re.compile(r"^(offline-)?run-\d{8}_\d{6}-\w+$")
_TIME_STAMP = re.compile(r"\d{4}[-_]?\d\d[-_]?\d\d([-_T ]?\d\d[-_:]?\d\d([-_:]?\d\d)?)?|\d{10,}")


@frozen
class FoundFile:
    """A file whose format is known.

    Attributes:
        path: Where it lies.
        name: The last part of it.
        format: What it was taken for.
        size: In bytes.
        mtime: When it was changed last, in unix seconds.
    """

    path: Path
    name: str
    format: str
    size: int
    mtime: float


@dataclass(slots=True, eq=False)
class Folder:
    """A folder.

    Attributes:
        path: Where it lies.
        name: The last part of it.
        above: The folder that it lies in; None for the given one, above which nothing is looked at.
        subfolders: Their names.
        names: The names of its text files.
        files: Its files of known format.
        configs: Its files of hyper-parameters, which make no run.
        consoles: Its files of console output without metrics, which make none either.
        below: Its subfolders, as far as they could be listed.
        is_populated: Whether files of known format lie in it, or anywhere below.
        is_in_plots: Whether it lies in the `plots/metrics` that DVCLive makes, or is that.
    """

    path: Path
    name: str
    above: Folder | None
    subfolders: tuple[str, ...]
    names: frozenset[str]
    files: tuple[FoundFile, ...]
    configs: tuple[FoundFile, ...] = ()
    consoles: tuple[FoundFile, ...] = ()
    below: list[Folder] = field(default_factory=list)
    is_populated: bool = False
    is_in_plots: bool = False

    def __post_init__(self) -> None:
        """Tell the folders above."""
        if self.above is None:
            self.is_in_plots = any(
                each.name == "metrics" and each.parent.name == "plots"
                for each in (self.path, *self.path.parents)
            )
        else:
            self.above.below.append(self)
            made_here = self.name == "metrics" and self.above.name == "plots"
            self.is_in_plots = self.above.is_in_plots or made_here
        folder: Folder | None = self if self.files else None
        while folder is not None and not folder.is_populated:
            folder.is_populated = True
            folder = folder.above

    @property
    def has_events(self) -> bool:
        """Whether event files lie in it."""
        return any(file.format == "tfevents" for file in self.files)

    @property
    def populated(self) -> list[Folder]:
        """The subfolders with files of known format in them, or below them."""
        return [folder for folder in self.below if folder.is_populated]


class Layout:
    """Finds the folder of the run that a folder is part of. It never looks above the given folder.

    All folders have to be known when the first question is asked.
    """

    def __init__(self) -> None:
        # What thousands of folders ask of the one above them.
        self._outputs: dict[Folder, bool] = {}
        self._trainings: dict[Folder, bool] = {}
        self._wandb_runs: dict[Folder, int] = {}

    def home(self, folder: Folder) -> tuple[Folder, str]:
        """Return the run's folder, and what goes before the tags of this part of it."""
        prefix = ""
        while folder.above is not None:
            part = self._prefix_in(folder.above, folder)
            if part is None:
                break
            folder, prefix = folder.above, part + prefix
        return folder, prefix

    def _prefix_in(self, above: Folder, folder: Folder) -> str | None:
        """Return the prefix that a folder has as part of the folder above it, or None if it is none."""
        name = folder.name
        is_inner = _CHECKPOINT.match(name) or name in INNER_FOLDERS
        if is_inner or _is_of_dvclive(folder) or self._is_only_wandb_run(above, folder):
            return ""
        if rank := _RANK.match(name):
            return f"rank_{rank[1]}/" if int(rank[1]) else ""
        if folder.has_events and _is_phase(above, folder):
            return "" if name.lower() in _TRAIN_FOLDERS else f"{name}/"
        if folder.has_events and above.has_events:
            if _HPARAMS.match(name):
                return ""
            if _is_scalars_folder(name, folder):
                return f"{name}/"
        return "" if self._is_output_part(folder) or self._is_output_part(above, of_child=True) else None

    def _is_only_wandb_run(self, above: Folder, folder: Folder) -> bool:
        """Tell whether a folder is `wandb/` beside the other logs of a training, or the one run in it."""
        wandb = above if _WANDB_RUN.match(folder.name) else folder
        if wandb.name != "wandb" or wandb.above is None or not wandb.above.files:
            return False
        if wandb not in self._wandb_runs:
            self._wandb_runs[wandb] = sum(_WANDB_RUN.match(run.name) is not None for run in wandb.populated)
        return self._wandb_runs[wandb] == 1

    def _is_output_part(self, folder: Folder, *, of_child: bool = False) -> bool:
        """Tell whether a folder is a part of a run's output folder; `of_child`: whether so is what it holds.

        What such a folder holds belongs to the run only if it differs by nothing but a time stamp:
        otherwise it holds runs.
        """
        if folder.above is None or folder.name not in _OUTPUT_FOLDERS or not self._is_output(folder.above):
            return False
        if folder.name == "runs" or of_child:
            return self._is_one_training(folder)
        return True

    def _is_output(self, folder: Folder) -> bool:
        """Tell whether a folder holds the different things that one training leaves behind."""
        if folder not in self._outputs:
            subfolders = set(folder.subfolders)
            evidence = (
                any(file.format == "hf" for file in folder.files),
                "training_statistics.json" in folder.names,
                "training_logs" in subfolders,
                "logs" in subfolders,
                "checkpoints" in subfolders or any(map(_CHECKPOINT.match, subfolders)),
                not subfolders.isdisjoint(_BOARD_FOLDERS)
                or any(child.name == "runs" and self._is_one_training(child) for child in folder.below),
            )
            self._outputs[folder] = sum(evidence) >= 2
        return self._outputs[folder]

    def _is_one_training(self, folder: Folder) -> bool:
        """Tell whether the folders inside differ by nothing but a time stamp (and a host)."""
        if folder not in self._trainings:
            names = [child.name for child in folder.populated]
            if folder.name == "runs":
                is_one = bool(names) and all(map(_DATE_HOST.match, names))
            else:
                is_one = len({_TIME_STAMP.sub("", name) for name in names}) <= 1
            self._trainings[folder] = is_one
        return self._trainings[folder]


def _is_of_dvclive(folder: Folder) -> bool:
    """Tell whether a folder is, or lies inside, the `plots` that DVCLive makes in its own folder."""
    holds_metrics = folder.name == "plots" and any(child.name == "metrics" for child in folder.populated)
    return folder.is_in_plots or holds_metrics


def _is_phase(above: Folder, folder: Folder) -> bool:
    """Tell whether a folder is the `train` or `validation` of one run, and not a run beside others."""
    phases = _TRAIN_FOLDERS | _EVALUATION_FOLDERS
    if folder.name.lower() not in phases or "results.csv" in folder.names:
        return False  # Ultralytics calls its runs train, train2, train3
    return above.has_events or all(child.name.lower() in phases for child in above.populated)


def _is_scalars_folder(name: str, folder: Folder) -> bool:
    """Tell whether `SummaryWriter.add_scalars` made a folder: it is named `<tag>_<curve>`, `/` being `_`."""
    if any(file.format != "tfevents" for file in folder.files):
        return False
    events = min(folder.files, key=lambda file: file.name)
    return _holds_tag_of(events.path, min(events.size, 4096), name)


@lru_cache(maxsize=16384)
def _holds_tag_of(path: Path, size: int, name: str) -> bool:
    """Tell whether an event file begins with a tag that its folder's name begins with.

    `size` says how much of the head was written, so that a head that is complete is not read again. A tag
    stands in the file as field 1 of a summary value: the byte 0x0a, its length, itself.
    """
    try:
        head = read_head(path) if size else b""
    except OSError:
        return False
    spelled = head.replace(b"/", b"_")
    ends = [match.start() for match in re.finditer("_", name)]
    tags = [name[:end].encode("utf-8", "surrogateescape") for end in ends]
    return any(b"\x0a%c%b" % (len(tag), tag) in spelled for tag in tags if 0 < len(tag) < 128)
