"""What the first picture waits for: modules that it does not need are loaded behind it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tests.terminal.conftest import SAMPLE_RUNS
from tests.terminal.terminal import Terminal

# Tells what is loaded when the first picture with curves is out. The reader and the sampler wait for that
# picture as long as it takes, however slow the machine is.
SPY = """
import json, sys
from pathlib import Path
import numpy

# What numpy loads by itself differs from version to version.
numpy_alone = {name for name in sys.modules if name.startswith("numpy.")}
import tuimon.monitor.monitor as monitor
from tuimon.cli.main import main
from tuimon.tui.widgets.spans import SpanScreen

monitor._FIRST_PICTURE_S = 600.0
told, show_now = Path(sys.argv.pop(1)), SpanScreen.show_now

def show_and_tell(screen):
    show_now(screen)
    if screen.app.picture.specs:
        Path(f"{told}.new").write_text(json.dumps(sorted(sys.modules.keys() - numpy_alone)))
        Path(f"{told}.new").rename(told)

SpanScreen.show_now = show_and_tell
sys.exit(main(sys.argv[1:]))
"""
# Tells what is loaded when the first run is published, for which Textual waits here as long as it takes.
READING_SPY = """
import json, sys, time
from pathlib import Path
import tuimon.cli.screen as screen
from tuimon.cli.main import main
from tuimon.monitor.publisher import Publisher

screen._QUICKLY_READ_S = 600.0
told, publish = Path(sys.argv.pop(1)), Publisher.publish

def tell_and_publish(publisher, **changes):
    time.sleep(0.2)  # enough to begin with Textual meanwhile
    if changes.get("runs") and not told.exists():
        Path(f"{told}.new").write_text(json.dumps(sorted(sys.modules)))
        Path(f"{told}.new").rename(told)
    publish(publisher, **changes)

Publisher.publish = tell_and_publish
sys.exit(main(sys.argv[1:]))
"""
# Sensors, hints and titles come behind the first picture; rules and other formats where there is something
# for them; the rest where somebody asks for it.
LATER = {
    "psutil",
    "pynvml",
    "watchdog",
    "google_crc32c",
    "sqlite3",
    "plotext",
    "tomllib",
    "numpy.ma",
    "numpy.random",
    "numpy.fft",
    "numpy.testing",
    "encodings.utf_32_le",
    "tuimon.alerts.herald",
    "tuimon.analysis.findings.catalog",
    "tuimon.charts.heatmap",
    "tuimon.cli.doctor",
    "tuimon.cli.summary",
    "tuimon.core.file_part",
    "tuimon.core.hardware",
    "tuimon.hardware.host",
    "tuimon.hardware.nvml",
    "tuimon.hardware.sampler",
    "tuimon.output.compare",
    "tuimon.output.figure",
    "tuimon.output.report",
    "tuimon.output.run_query",
    "tuimon.output.summary",
    "tuimon.sources.config_source",
    "tuimon.sources.config_text",
    "tuimon.sources.csv_table",
    "tuimon.sources.ends",
    "tuimon.sources.event_proto",
    "tuimon.sources.jsonl",
    "tuimon.sources.log_reader",
    "tuimon.sources.prefixed",
    "tuimon.sources.sqlite_file",
    "tuimon.sources.tfevents",
    "tuimon.sources.wandb_source",
    "tuimon.tui.panes.help",
    "tuimon.tui.panes.palette",
    "tuimon.tui.panes.scrubber",
}
# Each module takes about 0.4 ms, of the 400 ms or so of a start.
MOST_MODULES = 206


def test_the_first_picture_waits_for_no_module_that_it_does_not_need(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    told = tmp_path / "modules.json"
    terminal = start([sys.executable, "-c", SPY, str(told), "watch", str(SAMPLE_RUNS / "huggingface")])
    terminal.wait_until(told.exists, "first picture with curves")
    loaded = set(json.loads(told.read_text()))
    assert "numpy" in loaded
    assert not loaded & LATER
    own = {name for name in loaded if name.partition(".")[0] == "tuimon"}
    assert len(own) <= MOST_MODULES, len(own)


def test_the_first_run_is_read_before_textual_is_imported(
    start: Callable[..., Terminal], tmp_path: Path
) -> None:
    """Side by side, two threads would hand the interpreter to each other at every file."""
    told = tmp_path / "modules.json"
    terminal = start(
        [sys.executable, "-c", READING_SPY, str(told), "watch", str(SAMPLE_RUNS / "huggingface")]
    )
    terminal.wait_until(told.exists, "first run")
    assert "textual" not in json.loads(told.read_text())
    terminal.wait_for("huggingface")
