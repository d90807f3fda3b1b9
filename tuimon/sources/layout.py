"""Which folders are parts of a run that lies above them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file whose format is known."""

    path: Path
    format: str
    size: int
    mtime: float


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder.

    Attributes:
        subfolders: Their names.
        names: The names of its text files.
        files: Its files of known format.
        configs: Its files of hyper-parameters, which make no run.
    """

    subfolders: tuple[str, ...]
    names: frozenset[str]
    files: tuple[FoundFile, ...]
    configs: tuple[FoundFile, ...] = ()

    @property
    def has_events(self) -> bool:
        """Whether event files lie in it."""
        return any(file.format == "tfevents" for file in self.files)


class Layout:
    """Finds the folder of the run that a folder is part of. It never looks above the given root.

    Args:
        root: The given folder.
        folders: All folders below it, and itself.
    """

    def __init__(self, root: Path, folders: Mapping[Path, Folder]) -> None:
        self._root = root
        self._folders = folders
        self._populated: set[Path] = set()
        for path, folder in folders.items():
            if folder.files:
                self._populated.update((path, *path.parents))

    def home(self, path: Path) -> tuple[Path, str]:
        """Return the run's folder, and what goes before the tags of this part of it."""
        prefix = ""
        while path != self._root:
            part = self._prefix_in_parent(path)
            if part is None:
                break
            path, prefix = path.parent, part + prefix
        return path, prefix

    def _prefix_in_parent(self, path: Path) -> str | None:
        """Return the prefix that a folder has as part of the folder above it, or None if it is none."""
        name, folder, above = path.name, self._folders[path], self._folders[path.parent]
        is_inner = _CHECKPOINT.match(name) or name in INNER_FOLDERS
        if is_inner or self._is_of_dvclive(path) or self._is_only_wandb_run(path):
            return ""
        if rank := _RANK.match(name):
            return f"rank_{rank[1]}/" if int(rank[1]) else ""
        if folder.has_events and self._is_phase(path):
            return "" if name.lower() in _TRAIN_FOLDERS else f"{name}/"
        if folder.has_events and above.has_events:
            if _HPARAMS.match(name):
                return ""
            if _is_scalars_folder(name, folder):
                return f"{name}/"
        return "" if self._is_output_part(path) or self._is_output_part(path.parent, path) else None

    def _is_of_dvclive(self, path: Path) -> bool:
        """Tell whether a folder is, or lies inside, the `plots` that DVCLive makes in its own folder."""
        is_inside = any(each.name == "metrics" and each.parent.name == "plots" for each in _upwards(path))
        return is_inside or (path.name == "plots" and path / "metrics" in self._populated)

    def _is_only_wandb_run(self, path: Path) -> bool:
        """Tell whether a folder is `wandb/` beside the other logs of a training, or the one run in it."""
        above = path.parent if _WANDB_RUN.match(path.name) else path
        if above.name != "wandb" or above == self._root or not self._folders[above.parent].files:
            return False
        return sum(_WANDB_RUN.match(child.name) is not None for child in self._populated_children(above)) == 1

    def _is_phase(self, path: Path) -> bool:
        """Tell whether a folder is the `train` or `validation` of one run, and not a run beside others."""
        phases = _TRAIN_FOLDERS | _EVALUATION_FOLDERS
        if path.name.lower() not in phases or "results.csv" in self._folders[path].names:
            return False  # Ultralytics calls its runs train, train2, train3
        return self._folders[path.parent].has_events or all(
            child.name.lower() in phases for child in self._populated_children(path.parent)
        )

    def _is_output_part(self, path: Path, child: Path | None = None) -> bool:
        """Tell whether `path` is a part of a run's output folder; with `child`, whether so is what it holds.

        What such a folder holds belongs to the run only if it differs by nothing but a time stamp:
        otherwise it holds runs.
        """
        if path == self._root or path.name not in _OUTPUT_FOLDERS or not self._is_output(path.parent):
            return False
        if path.name == "runs" or child is not None:
            return self._is_one_training(path)
        return True

    def _is_output(self, path: Path) -> bool:
        """Tell whether a folder holds the different things that one training leaves behind."""
        folder = self._folders[path]
        subfolders = set(folder.subfolders)
        evidence = (
            any(file.format == "hf" for file in folder.files),
            "training_statistics.json" in folder.names,
            "training_logs" in subfolders,
            "logs" in subfolders,
            "checkpoints" in subfolders or any(map(_CHECKPOINT.match, subfolders)),
            not subfolders.isdisjoint(_BOARD_FOLDERS)
            or ("runs" in subfolders and self._is_one_training(path / "runs")),
        )
        return sum(evidence) >= 2

    def _is_one_training(self, path: Path) -> bool:
        """Tell whether the folders inside differ by nothing but a time stamp (and a host)."""
        names = [child.name for child in self._populated_children(path)]
        if path.name == "runs":
            return bool(names) and all(map(_DATE_HOST.match, names))
        return len({_TIME_STAMP.sub("", name) for name in names}) <= 1

    def _populated_children(self, path: Path) -> list[Path]:
        folder = self._folders.get(path)
        names = folder.subfolders if folder is not None else ()
        return [path / name for name in names if path / name in self._populated]


def _upwards(path: Path) -> tuple[Path, ...]:
    return path, *path.parents


def _is_scalars_folder(name: str, folder: Folder) -> bool:
    """Tell whether `SummaryWriter.add_scalars` made a folder: it is named `<tag>_<curve>`, `/` being `_`."""
    if any(file.format != "tfevents" for file in folder.files):
        return False
    events = min(folder.files, key=lambda file: file.path.name)
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
