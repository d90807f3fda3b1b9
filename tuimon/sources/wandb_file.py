"""W&B's own log of a run: `run-<id>.wandb`, of an online or an offline run, live or closed."""

from __future__ import annotations

from pathlib import Path

from tuimon.sources.base import Confidence, Sniff, Source, Trainer
from tuimon.sources.sniffing import LFS_ADVICE, LFS_PREFIX

FILE_HEADER = b":W&B\xe1\xbe\x00"
"""Four letters, the number 0xBEE1 and the version 0."""


class WandbFactory:
    """Recognises `.wandb` files by their first bytes."""

    format = "wandb"
    trainers: tuple[Trainer, ...] = (
        Trainer("Weights & Biases", "`*.wandb` of online and offline runs, and the images beside them"),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is a `.wandb` file."""
        is_named = path.name.endswith(".wandb")
        if head.startswith(LFS_PREFIX):
            return Sniff(Confidence.NO, LFS_ADVICE)
        if head.startswith(FILE_HEADER):
            return Sniff(Confidence.CERTAIN, "begins like a .wandb file")
        if not is_named:
            return Sniff(Confidence.NO, "")
        if FILE_HEADER.startswith(head):
            return Sniff(Confidence.LIKELY, "named like a .wandb file; nothing is written yet")
        return Sniff(Confidence.POSSIBLE, "named like a .wandb file, but begins with something else")

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over the files of one run."""
        # Imported only where there is such a file.
        from tuimon.sources.line_files import LineFilesSource  # noqa: PLC0415
        from tuimon.sources.wandb_source import WandbRun  # noqa: PLC0415

        return LineFilesSource(self.format, WandbRun, paths)
