"""MLflow's file store: runs described by a `meta.yaml` each."""

from __future__ import annotations

import re
from pathlib import Path

from tuimon.sources.base import Confidence, Sniff, Source, StoredRun, Trainer

STORE_FORMAT = "mlflow"
META, METRICS = "meta.yaml", "metrics"
_PARTS = (METRICS, "params", "tags")
_RECORD = re.compile(rb"^\d{9,16} \S{1,40}( -?\d{1,19})?$")


class MlflowStoreFactory:
    """Recognises runs by `meta.yaml`, which MLflow writes into the folder of each."""

    format = STORE_FORMAT
    trainers: tuple[Trainer, ...] = (
        Trainer("MLflow", "`mlruns/`, a run for each folder with a `meta.yaml` and `metrics/`"),
    )

    def sniff(self, path: Path, head: bytes) -> Sniff:
        """Tell whether `path`, which begins with `head`, is the description of a run, or one metric."""
        if path.name == META:
            if not re.search(rb"^run_(id|uuid): ", head, re.MULTILINE):
                return Sniff(Confidence.NO, "is named meta.yaml, but describes no run of MLflow")
            if re.search(rb"^lifecycle_stage: deleted", head, re.MULTILINE):
                return Sniff(Confidence.NO, "describes a run of MLflow that was deleted")
            return Sniff(Confidence.CERTAIN, "describes a run in MLflow's file store")
        lines = head.split(b"\n")[:3]
        if METRICS in path.parts[:-1] and lines[0] and all(_RECORD.match(line) or not line for line in lines):
            return Sniff(Confidence.LIKELY, "lines of `time value step` in a folder of metrics, as MLflow's")
        return Sniff(Confidence.NO, "")

    def open(self, paths: tuple[Path, ...]) -> Source:
        """Return a source over runs, as a rule one."""
        from tuimon.sources.mlflow_store import MlflowStoreSource  # noqa: PLC0415  # only where there is one

        return MlflowStoreSource(paths)

    def runs(self, path: Path) -> tuple[StoredRun, ...]:
        """Return the run that a `meta.yaml` describes, named by its experiment and itself."""
        from tuimon.sources.mlflow_store import runs_in  # noqa: PLC0415  # only where there is one

        return runs_in(path)


def run_of_part(path: Path) -> Path | None:
    """Return the `meta.yaml` of the run that a file is a metric, a parameter or a tag of, or None."""
    for folder in path.parents:
        if folder.name in _PARTS and (folder.parent / META).is_file():
            return folder.parent / META
    return None
