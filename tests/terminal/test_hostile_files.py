"""Names and texts from files never drive the terminal, whatever bytes they hold."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from tests.terminal.conftest import Watch
from tests.terminal.terminal import assert_restored

# Each would do something to a terminal; each holds a number by which it is found again among what was sent.
ATTACKS = (
    "\x1b[31337m",
    "\x1b]0;31337\x07",
    "\x1b]52;c;MzEzMzc=\x07",
    "\x1bP31337\x1b\\",
    "\x9b31337m",
    "\x9d31337\x9c",
    "31337\r\n31337\b\b31337\x7f31337",
    "31337\u202e73313\u2066\u200b",
)
ATTACK = "".join(ATTACKS)
# What could only come from an attack; Textual itself sends a few operating system commands (OSC 22).
DANGEROUS = re.compile(
    # The program's own title is all that may begin so.
    rb"\x1b\[31337|\x1b\](?!22;|2;[^\x00-\x1f\x7f]* - tuimon\x07)|\x1bP"
    rb"|\x9b31337|\xc2[\x80-\x9f]|31337\r|31337\x08|\x7f|\xe2\x80\xae|\xe2\x81\xa6|\xe2\x80\x8b"
)


def make_hostile_runs(folder: Path) -> None:
    """A run that attacks from folder and file names, tags, config, texts, events and a broken line."""
    name = "evil" + ATTACK.replace("/", "").replace("\0", "")[:60]
    run = folder / name
    run.mkdir(parents=True)
    now = time.time()
    rows: list[dict[str, object]] = [{"time": now - 500, "config": {"max_steps": 100, f"a{ATTACK}": ATTACK}}]
    for step in range(1, 60):
        loss = float("nan") if step > 50 else 3 - step / 50
        rows.append(
            {
                "step": step,
                "time": now - 500 + step,
                "train/loss": loss,
                f"x{ATTACK}": step * 1.5,
                f"constant{ATTACK}": 1,
                f"gpu.0.util{ATTACK}": 50,
                f"Memory/{ATTACK}": step,
            }
        )
    rows.append({"step": 59, "event": "checkpoint", "message": ATTACK})
    rows.append({"step": 59, "event": "error", "message": ATTACK})
    rows.append({"step": 59, "message": ATTACK, "level": ATTACK})
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (run / "metrics.jsonl").write_text(text + f"{ATTACK} is no JSON\n", encoding="utf-8")
    (run / f"events.out.tfevents.1{ATTACK[:40]}").write_bytes(b"\x00" * 40 + ATTACK.encode())
    (folder / f"junk{ATTACK[:40]}.jsonl").write_bytes(bytes(range(256)) * 50)


def test_nothing_in_a_hostile_folder_reaches_the_terminal(watch: Watch, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    make_hostile_runs(runs)
    terminal = watch(runs, size=(200, 60))
    terminal.wait_for("evil", "Diagnosis", "CRIT", "31337")
    terminal.press("?")
    terminal.wait_for("Help")
    terminal.press("?")
    terminal.wait_for("Diagnosis")
    # Pasted text is no better than that of files.
    terminal.press("/\x1b[200~" + ATTACK.replace("\x1b", "").replace("\r", "") + "\x1b[201~\r")
    terminal.wait_for("no metric matches")
    # No Esc right before a key: on a busy machine the two arrive together and are another key.
    terminal.press("\x1b")
    terminal.wait_until(lambda: "no metric matches" not in terminal.text, "filter that is gone")
    for keys in ("e", "\r", "\r", "6", "6", "G", "\r", "/31337\r"):
        terminal.press(keys)
        terminal.settle(0.1)
    terminal.wait_for("filter 31337")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    assert_restored(terminal)
    assert DANGEROUS.findall(bytes(terminal.sent)) == []


def test_nothing_reaches_a_pipe_either(watch: Watch, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    make_hostile_runs(runs)
    terminal = watch(runs, TERM="dumb")
    terminal.wait_for_end()
    assert b"31337" in terminal.sent
    sent = bytes(terminal.sent).replace(b"\r\n", b"\n")
    assert DANGEROUS.findall(sent) == []
    assert b"\x1b" not in sent
