"""Finds runs: walks below the given paths, knows the files, and makes runs of them."""

from __future__ import annotations

import math
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tuimon.core.batch import Problem
from tuimon.sources.base import Confidence, Discovery, RunRef, SourceFactory, StoreFactory
from tuimon.sources.config_file import FORMAT as CONFIG_FORMAT
from tuimon.sources.grouping import Group, group_files
from tuimon.sources.layout import Folder, FoundFile
from tuimon.sources.mlflow_files import run_of_part
from tuimon.sources.naming import Root, Unnamed, name_runs, natural_key
from tuimon.sources.plugged import PluggedFactory
from tuimon.sources.registry import all_factories, plugged
from tuimon.sources.sniffing import FileVerdict, Formats, is_ignored, is_log_of_run, sniff_file
from tuimon.sources.state_file import CHECKPOINT_NAME
from tuimon.sources.tree import FileEntry, Tree, walk

EMPTY_FOLDER = "is empty: no training run was found"
"""What is said of a folder with nothing at all in it."""


@dataclass(slots=True)
class _Known:
    """What a file was taken for when it was as `entry` says, and as what it was handed on."""

    entry: FileEntry
    verdict: FileVerdict
    found: FoundFile | None

    def holds_for(self, entry: FileEntry) -> bool:
        """Return whether the verdict is still right. What is certain stays right while the file grows."""
        before = self.entry
        if self.verdict.is_unread or before.inode != entry.inode:
            return False
        is_unchanged = before.size == entry.size and before.mtime_ns == entry.mtime_ns
        return is_unchanged or (self.verdict.confidence is Confidence.CERTAIN and entry.size >= before.size)


class Discoverer:
    """Looks for runs again and again, and remembers what each file is. Used by one thread.

    A file is opened only when it is new, was replaced, or changed before its format was known.

    Args:
        factories: The formats, in the order in which a run's sources are preferred; None for all.
    """

    def __init__(self, factories: Sequence[SourceFactory] | None = None) -> None:
        self._factories = all_factories() if factories is None else tuple(factories)
        self._plugged = [factory for factory in self._factories if isinstance(factory, PluggedFactory)]
        self._worth_a_look = tuple((name, f.format) for f in self._plugged for name in f.patterns)
        self._preference = [factory.format for factory in self._factories]
        self._stores = {f.format: f for f in self._factories if isinstance(f, StoreFactory)}
        self._formats: Formats = ()
        self._known: dict[str, _Known] = {}
        self._visited: dict[str, _Known] = {}

    def discover(self, roots: Sequence[Root]) -> Discovery:
        """Return all runs at and below the given paths. Never raises.

        A path that is missing, cannot be read or holds no run is told in `Discovery.problems`.
        """
        self._visited = {}
        problems: list[Problem] = []
        found: list[tuple[Root, Group]] = []
        files_seen = 0
        for root in roots:
            self._formats = root.formats
            groups, count = self._look_at(root, problems)
            found += [(root, group) for group in groups]
            files_seen += count
        self._known = self._visited  # what is gone is forgotten
        problems += plugged()[1]
        problems += (problem for factory in self._plugged for problem in factory.problems.values())
        return Discovery(self._runs(found), tuple(dict.fromkeys(problems)), files_seen)

    def explain(self, root: Root) -> list[FileVerdict]:
        """Return what every file at and below a path was taken for, and why. Never raises."""
        path, formats = root.path, root.formats
        tree = walk(path, list_others=True, formats=(*formats, *self._worth_a_look))
        if not tree.listings:
            return [sniff_file(path, self._factories, formats)]
        verdicts = []
        for listing in tree.listings:
            verdicts += [sniff_file(entry.path, self._factories, formats) for entry in listing.candidates]
            verdicts += [
                FileVerdict(listing.path / name, None, Confidence.NO, _passed_over(listing.path / name))
                for name in listing.others
            ]
        return sorted(verdicts, key=lambda verdict: natural_key(str(verdict.path)))

    def _look_at(self, root: Root, problems: list[Problem]) -> tuple[list[Group], int]:
        path = root.path
        try:
            found = path.stat()
        except FileNotFoundError:
            problems.append(Problem(str(path), "does not exist; check the path"))
            return [], 0
        except (OSError, ValueError) as error:
            cause = error.strerror if isinstance(error, OSError) else str(error)
            problems.append(Problem(str(path), f"cannot be looked at: {cause}"))
            return [], 0
        if stat.S_ISREG(found.st_mode):
            inode = (found.st_dev, found.st_ino)
            entry = FileEntry(str(path), path.name, inode, found.st_size, found.st_mtime_ns)
            return self._look_at_file(entry, problems), 1
        if not stat.S_ISDIR(found.st_mode):
            problems.append(Problem(str(path), "is neither a folder nor a regular file"))
            return [], 0
        tree = walk(path, formats=(*self._formats, *self._worth_a_look))
        problems += tree.problems
        stored: list[Group] = []
        groups = [*group_files(self._folders(tree, problems, stored)), *stored]
        if not groups and tree.listings:
            problems.append(Problem(str(path), _nothing_found(tree)))
        if CHECKPOINT_NAME.match(path.resolve().name):
            _mark_checkpoint(groups, path.resolve().name)
        return groups, tree.entries_seen

    def _look_at_file(self, entry: FileEntry, problems: list[Problem]) -> list[Group]:
        known = self._recognised(entry)
        verdict, file = known.verdict, known.found
        if file is None:
            message = verdict.trouble or f"is no log of metrics that tuimon can read: {verdict.reason}"
            problems.append(Problem(entry.location, message))
            return []
        if file.format == CONFIG_FORMAT:
            problems.append(
                Problem(entry.location, "holds hyper-parameters, no metrics; name the run's folder")
            )
            return []
        if file.format in self._stores:
            return self._stored_runs(file)
        groups = [Group(file.path, is_file=True, files=[(file, "")])]
        folder = file.path.parent.resolve().name
        if CHECKPOINT_NAME.match(folder):
            _mark_checkpoint(groups, folder)
        return groups

    def _folders(self, tree: Tree, problems: list[Problem], stored: list[Group]) -> list[Folder]:
        """Return the folders of a tree with their files; the runs in stores go to `stored`."""
        folders: dict[int, Folder] = {}
        for listing in tree.listings:
            files: list[FoundFile] = []
            configs: list[FoundFile] = []
            consoles: list[FoundFile] = []
            for entry in listing.candidates:
                known = self._recognised(entry)
                if known.verdict.trouble:
                    problems.append(Problem(entry.location, known.verdict.trouble))
                if known.found is not None and known.found.format in self._stores:
                    stored += self._stored_runs(known.found)
                elif known.found is not None and is_log_of_run(known.verdict):
                    (configs if known.found.format == CONFIG_FORMAT else files).append(known.found)
                elif known.verdict.is_console:
                    place = known.verdict.path
                    consoles.append(FoundFile(place, entry.name, "text", entry.size, entry.mtime))
            folders[id(listing)] = Folder(
                path=listing.path,
                name=listing.path.name,
                above=None if listing.above is None else folders[id(listing.above)],
                subfolders=tuple(listing.subfolders),
                names=frozenset(entry.name for entry in listing.candidates),
                files=tuple(files),
                configs=tuple(configs),
                consoles=tuple(consoles),
            )
        return list(folders.values())

    def _stored_runs(self, file: FoundFile) -> list[Group]:
        groups = []
        for run in self._stores[file.format].runs(file.path):
            mtime = file.mtime if math.isnan(run.mtime) else run.mtime
            found = replace(file, path=run.path, mtime=mtime)
            groups.append(Group(run.place, files=[(found, "")], called=run.called))
        return groups

    def _recognised(self, entry: FileEntry) -> _Known:
        """Return what a file is, looking into it only if that is not known yet."""
        place = entry.location
        known = self._visited.get(place) or self._known.get(place)
        if known is None or not known.holds_for(entry):
            verdict = sniff_file(Path(place), self._factories, self._formats)
            known = _Known(entry, verdict, _found(entry, verdict))
        elif known.entry != entry:
            known = _Known(entry, known.verdict, _found(entry, known.verdict))
        self._visited[place] = known
        return known

    def _runs(self, found: Sequence[tuple[Root, Group]]) -> tuple[RunRef, ...]:
        """Return the runs by name; one that lies below two given paths comes once."""
        if len({root for root, _ in found}) > 1:
            found = list({group.path.resolve(): (root, group) for root, group in reversed(found)}.values())[
                ::-1
            ]
        names = name_runs([Unnamed(_called(group, root.path), group.is_file, root) for root, group in found])
        runs = [
            RunRef(name, group.path, group.sources(self._preference), group.mtime, group.notes)
            for name, (_, group) in zip(names, found, strict=True)
        ]
        return tuple(sorted(runs, key=lambda run: natural_key(run.name)))


def discover(roots: Sequence[Root]) -> Discovery:
    """Look once for runs at and below the given paths. Never raises."""
    return Discoverer().discover(roots)


def explain(path: Path) -> list[FileVerdict]:
    """Return what every file at and below `path` was taken for, and why."""
    return Discoverer().explain(Root(path))


def _called(group: Group, root: Path) -> Path:
    """Return the path that names a run; names that stand above the given path are left out."""
    if group.called is None or group.called.is_relative_to(root):
        return group.called or group.path
    return root / group.called.name


def _found(entry: FileEntry, verdict: FileVerdict) -> FoundFile | None:
    if verdict.format is None:
        return None
    return FoundFile(verdict.path, entry.name, verdict.format, entry.size, entry.mtime)


def _mark_checkpoint(groups: Sequence[Group], name: str) -> None:
    """Note that a run is a checkpoint that was named explicitly: it knows no time but that of its file."""
    for group in groups:
        if any(file.format == "hf" for file, _ in group.files):
            group.notes |= {"checkpoint": name, "time": "of the file"}


def _nothing_found(tree: Tree) -> str:
    if tree.is_empty:
        return EMPTY_FOLDER
    return (
        f"holds no training run that tuimon can read ({tree.entries_seen} files and folders seen; "
        "`tuimon doctor` tells what each was taken for)"
    )


def _passed_over(path: Path) -> str:
    if (meta := run_of_part(path)) is not None:
        return f"is part of the run that {meta.parent.name}/{meta.name} describes"
    return (
        "is hidden, or left by another system"
        if is_ignored(path.name)
        else "is not named like a log of metrics"
    )
