"""Whether a file beside a run's metrics holds its hyper-parameters."""

from __future__ import annotations

from pathlib import Path

from tuimon.sources.base import Confidence, Sniff, Source, Trainer

FORMAT = "config"
# What trainers call them. They belong to a run that is known by its metrics, and make none by themselves.
_NAMES = frozenset(
    {
        "args.yaml", "opt.yaml", "hparams.yaml", "params.yaml", "config.yaml", "config.yml", "config.json",
        "configuration.yaml", "adapter_config.json", "hparams.json", "args.json",
        "training_args.bin",
    }
)  # fmt: skip
_MMENGINE = ("vis_data", "config.py")


def is_config_name(path: Path) -> bool:
    """Return whether a file is named as trainers name their hyper-parameters."""
    return path.name in _NAMES or (path.parent.name, path.name) == _MMENGINE


class ConfigFactory:
    """Recognises files of hyper-parameters by their names."""

    format = FORMAT
    trainers: tuple[Trainer, ...] = (
        Trainer(
            "hyper-parameters beside any of these",
            "`args.yaml`, `opt.yaml`, `hparams.yaml`, `params.yaml`, `config.yaml`, `config.json`, "
            "`adapter_config.json`, `vis_data/config.py` (read as text, never run), `configuration.yaml`, "
            "`training_args.bin` (never unpickled)",
        ),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path` holds the hyper-parameters of a run."""
        if is_config_name(path) and head.strip():
            return Sniff(Confidence.LIKELY, "is named as the hyper-parameters of the run beside it")
        return Sniff(Confidence.NO, "")

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over the files of one run."""
        from tuimon.sources.config_source import ConfigSource  # noqa: PLC0415  # only where there is such a file

        return ConfigSource(paths)
