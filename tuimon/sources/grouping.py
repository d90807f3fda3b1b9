"""Which files make a run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePath
from typing import NamedTuple

from tuimon.sources.base import SourceRef
from tuimon.sources.csv_dialects import dvclive_root, environment_of
from tuimon.sources.layout import INNER_FOLDERS, Folder, FoundFile, Layout
from tuimon.sources.naming import natural_key
from tuimon.sources.state_file import CHECKPOINT_NAME, training_mark

# Formats whose files are each a log by themselves; other formats spread one log over their files.
_ROW_FORMATS = frozenset({"jsonl", "csv", "text"})
# Names of the one log of a folder's run; any other name of such a file is the name of a run.
_COMPANION = re.compile(
    r"^(metrics?|logs?|history|stats|progress|scalars|loss(es)?|results|output|(\d+\.)?monitor|wandb-(history|events)"
    r"|stdout|stderr|console|nohup|main|slurm-\d+(_\d+)?|train(er|ing)?([_-]?(logs?|metrics|history))?|(system|gpu|hardware)([_-]?(logs?|metrics|stats))?)$"
)
# A run may have a log of each of its parts; a folder of many logs is a folder of runs.
_MOST_TEXT_LOGS = 3
# Enough for the streams of the ranks of one machine.
_MOST_CONSOLES = 16
_NUMBER = re.compile(r"\d+")
# What the console showed stands in the `.wandb` file too; the rest is W&B's log of itself.
_WANDB_INNER_FOLDERS = frozenset({"files", "logs", "tmp"})
_EVALUATION = re.compile(r"^(eval|evaluation|val|valid|validation|test)([_-]?(logs?|metrics|history))?$")
_RANK = re.compile(r"^(.*[-_.])?rank[-_]?(\d+)$")


@dataclass(slots=True)
class Group:
    """The files of one run.

    Attributes:
        path: The run's folder, or its file if it is a single file.
        is_file: Whether `path` is a file.
        files: With the prefix of the part that each one belongs to.
        notes: See `RunRef.notes`.
        called: Names the run in place of `path`, where that is a number.
    """

    path: Path
    is_file: bool = False
    files: list[tuple[FoundFile, str]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    called: Path | None = None

    @property
    def mtime(self) -> float:
        """When any of its files changed last, in unix seconds."""
        return max(file.mtime for file, _ in self.files)

    def sources(self, preference: Sequence[str]) -> tuple[SourceRef, ...]:
        """Return what the run is read from, in the order of `preference` of formats."""
        parts: dict[tuple[int, str, str, str], list[FoundFile]] = {}
        for file, prefix in self.files:
            writer = str(file.path) if file.format in _ROW_FORMATS else ""
            parts.setdefault((preference.index(file.format), prefix, writer, file.format), []).append(file)
        return tuple(
            SourceRef(key[3], tuple(file.path for file in sorted(parts[key], key=_age)), prefix=key[1])
            for key in sorted(parts)
        )


class _Loose(NamedTuple):
    """A file whose name is not that of a part of a run: where it lies, and where the run of that is."""

    file: FoundFile
    folder: Folder
    home: Folder
    prefix: str


def group_files(folders: Sequence[Folder]) -> list[Group]:
    """Return the runs in some folders, each with its files; every file belongs to one run.

    Args:
        folders: The given folder, and all folders below it.
    """
    layout = Layout()
    groups: dict[Folder | Path, Group] = {}
    loose: list[_Loose] = []
    for folder in folders:
        if not folder.files or _is_wandb_copy(folder):
            continue
        home, prefix = layout.home(folder)
        several_runs = sum(file.format == "wandb" for file in folder.files) > 1
        for file in _without_copies(folder):
            part = None if several_runs and file.format == "wandb" else _part_of(file)
            if part is None:
                loose.append(_Loose(file, folder, home, prefix))
            else:
                groups.setdefault(home, Group(home.path)).files.append((file, prefix + part))
    _place_loose(loose, groups)
    _place_configs(folders, groups.values())
    _place_consoles(folders, layout, groups.values())
    return [split for group in groups.values() for split in _split_trainings(group)]


def _place_configs(folders: Sequence[Folder], groups: Iterable[Group]) -> None:
    """Give hyper-parameters to the run of their folder; those of several runs belong to none of them.

    A checkpoint's are left out. ML-Agents writes them into the folder above its runs.
    """
    with_configs = [folder for folder in folders if folder.configs]
    if not with_configs:
        return
    runs: dict[Path, list[Group]] = {}
    below: dict[Path, list[Group]] = {}
    for group in groups:
        place = group.path.parent if group.is_file else group.path
        runs.setdefault(place, []).append(group)
        below.setdefault(place.parent, []).append(group)
    for folder in with_configs:
        for file in folder.configs:
            path = folder.path
            beside = runs.get(path) or (runs.get(path.parent) if folder.name in INNER_FOLDERS else None)
            if beside is None and file.name == "configuration.yaml":
                owners = below.get(path, [])
            else:
                owners = beside if beside is not None and len(beside) == 1 else []
            for group in owners:
                group.files.append((file, ""))


def _place_consoles(folders: Sequence[Folder], layout: Layout, groups: Iterable[Group]) -> None:
    """Give what a program printed to the run of its folder; of several runs, to the file of the same name.

    Of logs that differ by a number only (a job's, a day's), the last one tells how the run ended.
    """
    with_consoles = [folder for folder in folders if folder.consoles and not _is_wandb_copy(folder)]
    if not with_consoles:
        return
    runs: dict[Path, list[Group]] = {}
    for group in groups:
        runs.setdefault(group.path.parent if group.is_file else group.path, []).append(group)
    for folder in with_consoles:
        home, prefix = layout.home(folder)
        beside = runs.get(home.path, [])
        newest: dict[str, FoundFile] = {}
        for file in sorted(folder.consoles, key=lambda file: natural_key(file.name)):
            is_of_rank = _RANK.match(PurePath(file.name).stem.lower())
            newest[file.name if is_of_rank else _NUMBER.sub("#", file.name)] = file
        for file in list(newest.values())[-_MOST_CONSOLES:]:
            stem = PurePath(file.name).stem
            owners = [
                group
                for group in beside
                if (group.path.stem == stem if group.is_file else len(beside) == 1)
                or (len(beside) == 1 and _part_named(file.name) == "")
            ]
            for group in owners[:1]:
                group.files.append((file, prefix))


def _is_wandb_copy(folder: Folder) -> bool:
    """Tell whether a `.wandb` file elsewhere holds what a folder of W&B's does."""
    if folder.above is None:
        return False
    if folder.name == "latest-run":
        own = {file.name for file in folder.files}
        others = (other for other in folder.above.below if other is not folder)
        return any(own & {file.name for file in other.files} for other in others)
    is_inside = any(file.format == "wandb" for file in folder.above.files)
    return is_inside and folder.name in _WANDB_INNER_FOLDERS


def _part_of(file: FoundFile) -> str | None:
    """Return the prefix of a file as part of its folder's run, or None if its name is that of a run."""
    if file.format not in _ROW_FORMATS or dvclive_root(file.path) is not None:
        return ""
    return _part_named(file.name)


@lru_cache(maxsize=4096)
def _part_named(name: str) -> str | None:
    path = Path(name)
    if number := environment_of(path):
        return f"env_{number}/"
    stem = path.stem.lower()
    if match := _EVALUATION.match(stem):
        return f"{match[1]}/"
    if match := _RANK.match(stem):
        return f"rank_{match[2]}/" if int(match[2]) else ""
    return "" if _COMPANION.match(stem) else None


def _place_loose(loose: Sequence[_Loose], groups: dict[Folder | Path, Group]) -> None:
    """Give files with a name of their own to their folder's run if they are alone in it, else make runs."""
    beside = Counter((each.folder, each.file.format == "text") for each in loose)
    for file, folder, home, prefix in loose:
        group = groups.get(home)
        is_text = file.format == "text"
        formats = {member.format for member, _ in group.files} if group is not None else set()
        is_run = bool(formats - {"text"} if is_text else formats - _ROW_FORMATS) and file.format != "wandb"
        most = _MOST_TEXT_LOGS if is_text else 1
        if group is not None and is_run and beside[folder, is_text] <= most:
            group.files.append((file, prefix))
        else:
            groups[file.path] = Group(file.path, is_file=True, files=[(file, prefix)])


def _without_copies(folder: Folder) -> list[FoundFile]:
    """Leave out the second copy of the log that mmengine writes beside `scalars.json`."""
    if all(file.name != "scalars.json" for file in folder.files):
        return list(folder.files)
    return [file for file in folder.files if file.format != "jsonl" or file.name == "scalars.json"]


def _split_trainings(group: Group) -> list[Group]:
    """Return a group, and apart from it the checkpoints in its folder that other trainings left there."""
    states = [file for file, _ in group.files if file.format == "hf"]
    trainings = _trainings(states)
    if len(trainings) < 2:
        return [group]
    # The state beside the checkpoints tells whose folder it is; without one, the newest does.
    own = max(
        trainings, key=lambda files: max((file.path.parent == group.path, file.mtime) for file in files)
    )
    strange = {file.path: files for files in trainings if files is not own for file in files}
    group.files = [(file, prefix) for file, prefix in group.files if file.path not in strange]
    others = []
    for files in trainings:
        if files is not own:
            last = max(files, key=_age)
            is_file = last.path.parent == group.path
            path = last.path if is_file else last.path.parent
            others.append(Group(path, is_file=is_file, files=[(file, "") for file in files]))
    return [group, *others]


def _trainings(states: Sequence[FoundFile]) -> list[list[FoundFile]]:
    """Return state files by training: those with the same `max_steps` and the same beginning of their log.

    A file that does not tell (half-written, or saved before the first log) goes where it fits, to the newest
    training if there are several.
    """
    if len(states) < 2:
        return [list(states)]
    marks = {file: training_mark(file.path, file.size, file.mtime) for file in states}
    trainings: dict[tuple[int, bytes], list[FoundFile]] = {}
    unclear: list[FoundFile] = []
    for file, (max_steps, first_row) in marks.items():
        if max_steps is None or not first_row:
            unclear.append(file)
        else:
            trainings.setdefault((max_steps, first_row), []).append(file)
    newest_first = sorted(trainings, key=lambda mark: -max(file.mtime for file in trainings[mark]))
    for file in unclear:
        max_steps, first_row = marks[file]
        fits = [m for m in newest_first if max_steps in (None, m[0]) and first_row in (b"", m[1])]
        mark = fits[0] if fits else (max_steps or 0, first_row)
        trainings.setdefault(mark, []).append(file)
    return list(trainings.values())


def _age(file: FoundFile) -> tuple[float, str, str]:
    """Return what sorts files of one format from old to new: checkpoints by step, the rest by their names.

    Names of event files begin with the time at which they were opened.
    """
    checkpoint = CHECKPOINT_NAME.match(file.path.parent.name) if file.format == "hf" else None
    step = float("inf") if checkpoint is None else int(checkpoint[1])
    return step, file.name, str(file.path)
