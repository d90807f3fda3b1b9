"""Settings: command line over `TUIMON_*` over `./tuimon.toml` over the user's file over defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, fields
from difflib import get_close_matches
from pathlib import Path

from tuimon.core.errors import UsageError
from tuimon.core.frozen import frozen

PROJECT_FILE = Path("tuimon.toml")
_PREFIX = "TUIMON_"
_LARGEST_FILE_BYTES = 1 << 20
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@frozen
class Setting:
    """One setting, as the documentation lists it.

    Attributes:
        name: The key in a file; `TUIMON_<NAME>` in the environment.
        kind: `bool`, `int`, `float`, `str`, `map` (from text to text) or `table` (of tables).
        choices: The only values allowed, or nothing.
        help: What it does.
        runs_or_sends: Whether it runs a command or sends something out: then a project file, which may
            lie in somebody else's folder, must not set it.
    """

    name: str
    kind: str
    help: str
    choices: tuple[str, ...] = ()
    runs_or_sends: bool = False


TABLE: tuple[Setting, ...] = (
    Setting("theme", "str", "colours of the screen", ("dark", "light", "ansi", "mono")),
    Setting("ascii", "bool", "draw with ASCII characters only (default: as the locale allows)"),
    Setting("color", "bool", "use colour (default: unless NO_COLOR is set)"),
    Setting("total", "int", "total number of steps, where no file tells it"),
    Setting("fail_on", "str", "`check` exits with 4 from here on", ("never", "info", "warning", "critical")),
    Setting("interval_s", "float", "shortest time between two pictures on a local terminal, in seconds"),
    Setting("ssh_interval_s", "float", "the same over SSH"),
    Setting("memory_limit_bytes", "int", "how much memory the points of all runs may take"),
    Setting("verify", "bool", "`summary`, `check` and `doctor` verify the checksum of every event record"),
    Setting("formats", "map", "what files are, where the guess is wrong: names or patterns, and formats"),
    Setting("strict", "bool", "findings by simple literal rules, too: easy to explain, and loud"),
    Setting("findings", "table", "thresholds of rules: one table per rule"),
    Setting("title", "bool", "the terminal's title shows progress, loss and open findings of the open run"),
    Setting("bell", "bool", "ring for the end of a run and for findings from warning on"),
    Setting("notify", "str", "the same as a notification of the terminal", ("off", "auto", "osc9", "osc777")),
    Setting("on_done", "str", "a command to run when a run is done", runs_or_sends=True),
    Setting("on_failed", "str", "a command to run when a run ends before its end", runs_or_sends=True),
    Setting("on_best", "str", "a command to run for a new best evaluation", runs_or_sends=True),
    Setting("on_finding", "str", "a command to run for a new finding", runs_or_sends=True),
    Setting("send_to", "str", "where apprise sends what is urgent: its addresses", runs_or_sends=True),
)  # fmt: skip
_BY_NAME = {setting.name: setting for setting in TABLE}


@frozen
class Settings:
    """All settings with their defaults; see `TABLE` for what each one does."""

    theme: str = "dark"
    ascii: bool | None = None
    color: bool | None = None
    total: int | None = None
    fail_on: str = "critical"
    interval_s: float = 0.1
    ssh_interval_s: float = 0.3
    memory_limit_bytes: int = 1 << 30
    verify: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False
    findings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    title: bool = True
    bell: bool = False
    notify: str = "off"
    on_done: str | None = None
    on_failed: str | None = None
    on_best: str | None = None
    on_finding: str | None = None
    send_to: str | None = None


def load_settings(
    overrides: Mapping[str, object],
    environ: Mapping[str, str],
    project_file: Path | None = PROJECT_FILE,
    user_file: Path | None = None,
) -> Settings:
    """Gather the settings from everywhere.

    Args:
        overrides: From the command line, by name.
        environ: The environment; names that begin with `TUIMON_` are settings.
        project_file: Read if it exists; keys that run or send anything are refused.
        user_file: The user's own file; None looks where the platform keeps configuration.

    Raises:
        UsageError: A file is no TOML, or a key or value is wrong; it names the place.
    """
    user_file = user_file or _user_file()
    values: dict[str, object] = {}
    values |= _from_file(user_file, trusted=True)
    if project_file is not None:
        values |= _from_file(project_file, trusted=False)
    values |= _from_environment(environ)
    for name, value in overrides.items():
        values[name] = _checked(name, value, "command line")
    return Settings(**values)  # type: ignore[arg-type]  # _checked has seen every value


def _user_file() -> Path:
    from platformdirs import user_config_path  # noqa: PLC0415  # costs start-up time

    return user_config_path("tuimon") / "config.toml"


def _from_file(path: Path, *, trusted: bool) -> dict[str, object]:
    text = _read(path)
    if text is None:
        return {}
    import tomllib  # noqa: PLC0415  # costs start-up time, and most people have no such file

    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no valid TOML: {error}", str(path), "mend the line") from error
    for name in given:
        if not trusted and name in _BY_NAME and _BY_NAME[name].runs_or_sends:
            raise UsageError(
                f"{name!r} may not be set by a file that lies beside runs",
                str(path),
                "use your own config.toml",
            )
    return {name: _checked(name, value, str(path)) for name, value in given.items()}


def _read(path: Path) -> str | None:
    """Return the text of a file, or None if there is none."""
    try:
        if not path.exists():
            return None
        # A pipe or device of that name, in a folder that anybody may write to, would never end.
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE_BYTES:
            raise UsageError("is no settings file", str(path), "remove it")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", str(path), "mend or remove the file") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for variable, text in environ.items():
        # As elsewhere (NO_COLOR), an empty variable is one that is not set.
        if not variable.startswith(_PREFIX) or not text:
            continue
        name = variable.removeprefix(_PREFIX).lower()
        values[name] = _checked(name, _parsed(name, text, variable), variable)
    return values


def _parsed(name: str, text: str, variable: str) -> object:
    """Return the text of an environment variable in the type of its setting."""
    kind = _BY_NAME[name].kind if name in _BY_NAME else "str"
    if kind in ("table", "map"):
        raise UsageError("cannot come from the environment: it is a table", variable, "set it in tuimon.toml")
    if kind == "bool" and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    try:
        return {"int": int, "float": float}.get(kind, str)(text)
    except ValueError:
        return text


def _checked(name: str, value: object, where: str) -> object:
    """Return the value of a setting if name, type and choice are right."""
    setting = _BY_NAME.get(name)
    if setting is None:
        close = get_close_matches(name, _BY_NAME, n=1)
        raise UsageError(f"unknown setting {name!r}", where, f"did you mean {close[0]!r}?" if close else "")
    if setting.kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    wanted = {"bool": bool, "int": int, "float": float, "str": str, "map": dict, "table": dict}[setting.kind]
    if not isinstance(value, wanted) or (setting.kind == "int" and isinstance(value, bool)):
        raise UsageError(f"{name} = {value!r} is no {setting.kind}", where)
    if isinstance(value, int | float) and setting.kind != "bool" and not 0 < value < math.inf:
        raise UsageError(f"{name} = {value!r} is not above 0", where)
    if (
        setting.kind == "map"
        and isinstance(value, dict)
        and not all(isinstance(part, str) for part in value.values())
    ):
        raise UsageError(f"{name} holds texts only", where, f"[{name}], then lines of NAME = TEXT")
    if (
        setting.kind == "table"
        and isinstance(value, dict)
        and not all(isinstance(part, dict) for part in value.values())
    ):
        raise UsageError(f"{name} holds one table per rule", where, f"[{name}.RULE], then its thresholds")
    if setting.choices and value not in setting.choices:
        raise UsageError(
            f"{name} = {value!r} is not one of its values", where, f"one of {', '.join(setting.choices)}"
        )
    return value


def defaults() -> dict[str, object]:
    """Return the default of every setting, by name, for the documentation."""
    plain = Settings()
    return {each.name: getattr(plain, each.name) for each in fields(Settings)}
