"""The one key table: bindings, help screen, footer and the README's table all come from it."""

from __future__ import annotations

from tuimon.core.frozen import frozen


@frozen
class Key:
    """One action and the keys that start it.

    Attributes:
        keys: As Textual names them, separated by commas.
        shown: As people read them.
        action: The action of the application, `App.action_<name>`.
        label: For the footer: one or two words.
        help: For the help screen: one sentence without its full stop.
        group: Heading in the help screen.
        footer: Place in the footer, smaller is further left; None keeps it out.
        replay_only: Whether it does something in a replay only.
    """

    keys: str
    shown: str
    action: str
    label: str
    help: str
    group: str
    footer: int | None = None
    replay_only: bool = False


KEYS: tuple[Key, ...] = (
    Key("question_mark,f1", "? F1", "help", "help", "Show this help", "Program", 0),
    Key("q,ctrl+c", "q ctrl+c", "quit", "quit", "Leave; the training goes on", "Program", 1),
    Key("escape", "Esc", "back", "back", "Step back one level: close, clear, unzoom; never leaves", "Program"),
    Key("R", "R", "rescan", "rescan", "Look for new runs and files now", "Program"),
    Key("ctrl+l", "ctrl+l", "repaint", "repaint", "Paint the whole screen anew", "Program"),
    Key("ctrl+s", "ctrl+s", "save", "write", "Write the charts on the screen into a file: .svg, .png, .pdf, or all as .txt", "Program"),
    Key("Y", "Y", "copy", "copy", "Copy what the pane with the focus says: values at the cursor, the finding, the log", "Program"),
    Key("ctrl+z", "ctrl+z", "suspend_process", "suspend", "Suspend to the shell; `fg` comes back", "Program"),
    Key("tab", "Tab", "focus_next_pane", "focus", "Go to the next pane", "Panes", 5),
    Key("shift+tab", "S-Tab", "focus_previous_pane", "focus back", "Go to the previous pane", "Panes"),
    Key("1", "1", "toggle_pane('charts')", "charts", "Show or hide the charts", "Panes"),
    Key("2", "2", "toggle_pane('hardware')", "hardware", "Show or hide GPUs and host", "Panes"),
    Key("3", "3", "toggle_pane('facts')", "facts", "Show or hide facts, epochs, attempts, best values", "Panes"),
    Key("4", "4", "toggle_pane('log')", "log", "Show or hide the event log", "Panes"),
    Key("v", "v", "other_log", "log of", "In the log show what happened, what the run printed, or its texts", "Panes"),
    Key("I", "I", "images", "images", "Show the images that the run logged: h and l by time, j and k by tag", "Panes"),
    Key("5,a", "5 a", "toggle_pane('diagnosis')", "diagnosis", "Show or hide the diagnosis", "Panes"),
    Key("6,left_square_bracket", "6 [", "toggle_pane('runs')", "runs", "Show or hide the list of runs", "Panes"),
    Key("left_curly_bracket", "{", "resize(-1, 0)", "narrower", "Make the pane narrower; the mouse can drag its border", "Panes"),
    Key("right_curly_bracket", "}", "resize(1, 0)", "wider", "Make the pane wider", "Panes"),
    Key("left_parenthesis", "(", "resize(0, -1)", "lower", "Make the pane lower; focused charts: all of them together", "Panes"),
    Key("right_parenthesis", ")", "resize(0, 1)", "higher", "Make the pane higher", "Panes"),
    Key("0", "0", "reset_layout", "reset", "Show the panes that fit, as at the start", "Panes"),
    Key("k,up", "k Up", "move(0, -1)", "up", "Up: in a list a line, in the charts a chart", "Moving"),
    Key("j,down", "j Down", "move(0, 1)", "down", "Down: in a list a line, in the charts a chart", "Moving"),
    Key("h,left", "h Left", "move(-1, 0)", "left", "To the chart on the left", "Moving"),
    Key("l,right", "l Right", "move(1, 0)", "right", "To the chart on the right", "Moving"),
    Key("g,home", "g Home", "move_to_end(-1)", "first", "To the first line or chart", "Moving"),
    Key("G,end", "G End", "move_to_end(1)", "last", "To the last line or chart", "Moving"),
    Key("pageup,ctrl+u", "PgUp ctrl+u", "page(-1)", "page up", "A page of lines or charts back", "Moving"),
    Key("pagedown,ctrl+d", "PgDn ctrl+d", "page(1)", "page down", "A page of lines or charts on", "Moving"),
    Key("enter", "Enter", "open", "open", "Open the run, fill the screen with the chart or the log, explain the finding", "Moving", 6),
    Key("t", "t", "run_table", "table", "All runs as a table; Enter opens the chosen one", "Runs", 6),
    Key("O", "O", "sort_runs", "sort", "Sort runs by name, best value, loss, last change, status, progress, ETA or findings", "Runs"),
    Key("f", "f", "filter_runs", "find runs", "Filter the runs: part of a name, or `loss<2 and status:running and lr>=1e-5`", "Runs"),
    Key("space", "Space", "select_run", "select", "Lay this run's curves under those of others, or no longer; pause a replay", "Runs"),
    Key("p", "p", "pin_run", "pin", "Pin this run: the others are compared with it, at the cursor as a difference", "Runs"),
    Key("slash", "/", "filter", "filter", "Filter charts, or the log if it has the focus (`!` first: all others)", "Charts", 4),
    Key("s", "s", "smooth(1)", "smooth", "Next smoothing; raw extremes stay visible behind", "Charts", 7),
    Key("S", "S", "smooth(-1)", "smooth back", "Previous smoothing", "Charts"),
    Key("y", "y", "scale", "log y", "Linear, logarithmic or symmetric logarithmic values", "Charts", 8),
    Key("x", "x", "axis", "x axis", "Count accumulated steps, steps, time in the attempt, wall time, epochs or tokens", "Charts", 9),
    Key("asterisk", "*", "favourite", "favourite", "Make the chosen chart a favourite, which comes first, or no longer", "Charts"),
    Key("ampersand", "&", "favourites", "favourites", "Show only the favourite charts, or all", "Charts"),
    Key("plus", "+", "zoom(1)", "zoom in", "Zoom in; at the end of the curve it stays at the end", "Charts"),
    Key("minus", "-", "zoom(-1)", "zoom out", "Zoom out", "Charts"),
    Key("H,shift+left", "H", "pan(-1)", "pan left", "Move the zoomed window to earlier points", "Charts"),
    Key("L,shift+right", "L", "pan(1)", "pan right", "Move the zoomed window to later points", "Charts"),
    Key("equals_sign", "=", "fit", "fit", "Show the whole curve again", "Charts"),
    Key("F", "F", "follow", "follow", "Keep the end of the curve in the zoomed window, or let it stand", "Charts"),
    Key("i", "i", "crosshair", "cursor", "Read the values of all charts at one place; h and l, or lines of the log, move it", "Charts", 9),
    Key("m", "m", "mark", "mark", "Mark the place of the cursor, or the end of the curves, with a letter", "Charts"),
    Key("apostrophe", "'", "jump", "jump", "Go to the marked place of a letter, also in another run; '' goes back", "Charts"),
    Key("o", "o", "clip", "outliers", "Fit the values to all but the outermost hundredths, or to everything", "Charts"),
    Key("c", "c", "columns", "columns", "Number of chart columns: as it fits, 1, 2, 3, 4", "Charts"),
    Key("r", "r", "rows", "rows", "Number of chart rows: as it fits, 1, 2, 3, 4", "Charts"),
    Key("z", "z", "fold", "fold", "Fold the group of the chosen chart (what stands before its last slash) away", "Charts"),
    Key("Z", "Z", "unfold", "unfold", "Show the charts of all groups again", "Charts"),
    Key("e", "e", "finding(1)", "next finding", "Next finding; from the runs, everything about the first one", "Diagnosis", 10),
    Key("E", "E", "finding(-1)", "previous finding", "Previous finding", "Diagnosis"),
    Key("A", "A", "acknowledge", "known", "Acknowledge the finding and what belongs to it, or take that back", "Diagnosis"),
    Key("u", "u", "pause", "pause", "Pause drawing (live: reading goes on) or the replay", "Time", 11),
    Key("comma", ",", "playback_step(-1)", "step back", "One step back", "Replay", 2, replay_only=True),
    Key("full_stop", ".", "playback_step(1)", "step on", "One step on", "Replay", 3, replay_only=True),
    Key("less_than_sign", "<", "playback_speed(-1)", "slower", "Half the speed", "Replay", 3, replay_only=True),
    Key("greater_than_sign", ">", "playback_speed(1)", "faster", "Twice the speed", "Replay", 3, replay_only=True),
    Key("b", "b", "playback_seek(-1)", "back 5 %", "Jump back by 5 % of the run", "Replay", replay_only=True),
    Key("w", "w", "playback_seek(1)", "on 5 %", "Jump on by 5 % of the run", "Replay", replay_only=True),
    Key("colon", ":", "command", "command", "All commands, by what they do; goto STEP or TIME, open RUN", "Program", 12),
)  # fmt: skip


def footer_keys(*, replay: bool) -> tuple[Key, ...]:
    """Return the keys worth a place in the footer, the most useful first."""
    chosen = [key for key in KEYS if key.footer is not None and (replay or not key.replay_only)]
    return tuple(sorted(chosen, key=lambda key: key.footer or 0))


def help_groups() -> tuple[tuple[str, tuple[Key, ...]], ...]:
    """Return all keys under their headings, in the order of the table."""
    groups = dict.fromkeys(key.group for key in KEYS)
    return tuple((group, tuple(key for key in KEYS if key.group == group)) for group in groups)


def markdown_table() -> str:
    """Return the README's key table."""
    lines = ["| key | what it does |", "|---|---|"]
    for group, keys in help_groups():
        lines.append(f"| **{group}** | |")
        for key in keys:
            pressed = " ".join(f"`{name}`" for name in key.shown.split())
            lines.append(f"| {pressed} | {key.help} |")
    return "\n".join(lines) + "\n"
