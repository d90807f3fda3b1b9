from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tuimon.core.errors import EXIT_USAGE, UsageError
from tuimon.core.settings import TABLE, Settings, defaults, load_settings


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    return tmp_path / "tuimon.toml"


@pytest.fixture(name="user")
def _user(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refusal(project: Path, user: Path, **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_settings({}, environ, project, user)
    assert caught.value.exit_code == EXIT_USAGE
    return str(caught.value)


def test_without_anything_the_defaults_hold(project: Path, user: Path) -> None:
    settings = load_settings({}, {"HOME": "/nowhere"}, project, user)
    assert settings == Settings()
    assert (settings.theme, settings.total, settings.memory_limit_bytes) == ("dark", None, 1 << 30)
    assert (settings.interval_s, settings.ssh_interval_s, settings.fail_on) == (0.1, 0.3, "critical")


def test_the_nearest_place_wins(project: Path, user: Path) -> None:
    user.write_text('theme = "light"\ntotal = 1\ninterval_s = 5\nascii = true\n')
    assert load_settings({}, {}, project, user).theme == "light"
    project.write_text('theme = "mono"\ntotal = 2\ninterval_s = 0.5\n')
    assert load_settings({}, {}, project, user).theme == "mono"
    environ = {"TUIMON_THEME": "dark", "TUIMON_TOTAL": "3"}
    assert load_settings({}, environ, project, user).theme == "dark"
    settings = load_settings({"theme": "ansi"}, environ, project, user)
    assert settings == Settings(theme="ansi", total=3, interval_s=0.5, ascii=True)


def test_a_project_file_may_be_left_out(project: Path, user: Path) -> None:
    project.write_text("total = 2\n")
    user.write_text("total = 1\n")
    assert load_settings({}, {}, None, user).total == 1


def test_values_of_the_environment_take_the_type_of_their_setting(project: Path, user: Path) -> None:
    environ = {"TUIMON_ASCII": "Yes", "TUIMON_COLOR": "0", "TUIMON_INTERVAL_S": "2", "TUIMON_TOTAL": "9"}
    settings = load_settings({}, environ, project, user)
    assert (settings.ascii, settings.color, settings.interval_s, settings.total) == (True, False, 2.0, 9)
    assert type(settings.interval_s) is float


def test_an_empty_variable_is_not_set(project: Path, user: Path) -> None:
    assert load_settings({}, {"TUIMON_COLOR": "", "TUIMON_TOTAL": ""}, project, user) == Settings()


def test_thresholds_pass_through_as_they_are(project: Path, user: Path) -> None:
    project.write_text(
        "[findings.loss_spike]\nsigmas = 7\nratio = 1.2\n[findings.plateau]\nenabled = false\n"
    )
    settings = load_settings({}, {}, project, user)
    assert settings.findings == {"loss_spike": {"sigmas": 7, "ratio": 1.2}, "plateau": {"enabled": False}}


def test_an_unknown_key_names_file_key_and_the_closest_known_one(project: Path, user: Path) -> None:
    project.write_text('them = "dark"\n')
    assert refusal(project, user) == f"{project}: unknown setting 'them' (did you mean 'theme'?)"
    project.write_text("zzz = 1\n")
    assert refusal(project, user) == f"{project}: unknown setting 'zzz'"


def test_an_unknown_variable_names_it(project: Path, user: Path) -> None:
    wanted = "TUIMON_FAIL_AT: unknown setting 'fail_at' (did you mean 'fail_on'?)"
    assert refusal(project, user, TUIMON_FAIL_AT="info") == wanted


def test_an_unknown_option_of_the_command_line_says_so(project: Path, user: Path) -> None:
    with pytest.raises(UsageError, match="command line: unknown setting 'totl'"):
        load_settings({"totl": 3}, {}, project, user)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("theme = 3", "theme = 3 is no str"),
        ('theme = "pink"', "theme = 'pink' is not one of its values (one of dark, light, ansi, mono)"),
        ('ascii = "yes"', "ascii = 'yes' is no bool"),
        ("ascii = 1", "ascii = 1 is no bool"),
        ("total = true", "total = True is no int"),
        ("total = 2.5", "total = 2.5 is no int"),
        ("total = 0", "total = 0 is not above 0"),
        ("interval_s = -1", "interval_s = -1.0 is not above 0"),
        ("interval_s = nan", "interval_s = nan is not above 0"),
        ("ssh_interval_s = inf", "ssh_interval_s = inf is not above 0"),
        ("memory_limit_bytes = -5", "memory_limit_bytes = -5 is not above 0"),
        ("findings = 3", "findings = 3 is no table"),
        ("findings.plateau = 3", "findings holds one table per rule"),
        ("[theme]", "theme = {} is no str"),
    ],
)
def test_a_wrong_value_names_file_key_and_value(project: Path, user: Path, line: str, complaint: str) -> None:
    project.write_text(line + "\n")
    refused = refusal(project, user)
    assert refused.startswith(f"{project}: ")
    assert complaint in refused


@pytest.mark.parametrize("text", ["many", "1.5", "-3", "0", "1e3"])
def test_a_wrong_value_of_the_environment_names_its_variable(project: Path, user: Path, text: str) -> None:
    assert refusal(project, user, TUIMON_TOTAL=text).startswith("TUIMON_TOTAL: total = ")


def test_a_table_cannot_come_from_the_environment(project: Path, user: Path) -> None:
    assert "it is a table" in refusal(project, user, TUIMON_FINDINGS="{}")


def test_broken_toml_names_its_line(project: Path, user: Path) -> None:
    user.write_text('theme = "dark"\ntotal = = 3\n')
    assert f"{user}: is no valid TOML" in refusal(project, user)
    assert "line 2" in refusal(project, user)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a = " + b"[" * 20_000, b"a = " + b"9" * 9_000, b"\x00"]
)
def test_files_that_are_no_settings_are_refused(project: Path, user: Path, content: bytes) -> None:
    project.write_bytes(content)
    assert refusal(project, user).startswith(f"{project}: ")


def test_a_byte_order_mark_is_no_part_of_the_first_key(project: Path, user: Path) -> None:
    project.write_bytes(b"\xef\xbb\xbftotal = 4\n")
    assert load_settings({}, {}, project, user).total == 4


def test_a_folder_or_pipe_of_that_name_is_refused_at_once(project: Path, user: Path) -> None:
    project.mkdir()
    os.mkfifo(user)
    assert "is no settings file" in refusal(project, Path("/nowhere/config.toml"))
    project.rmdir()
    assert "is no settings file" in refusal(project, user)


def test_what_runs_a_command_is_refused_from_a_project_file_alone(project: Path, user: Path) -> None:
    project.write_text('on_finding = "rm -rf /"\n')
    assert f"{project}: 'on_finding' may not be set" in refusal(project, user)
    project.unlink()
    user.write_text('on_finding = "notify-send"\n')
    assert load_settings({}, {}, project, user).on_finding == "notify-send"
    assert load_settings({}, {"TUIMON_ON_FINDING": "beep"}, project, user).on_finding == "beep"
    assert load_settings({"on_finding": "say"}, {}, project, user).on_finding == "say"


def test_the_users_own_file_lies_where_the_platform_keeps_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    from platformdirs import user_config_path  # noqa: PLC0415  # after the environment was changed

    folder = user_config_path("tuimon")
    assert tmp_path in folder.parents
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("total = 77\n")
    assert load_settings({}, {}, None).total == 77


def test_the_table_has_every_setting_and_its_default() -> None:
    assert [setting.name for setting in TABLE] == [each.name for each in fields(Settings)]
    assert defaults() == {each.name: getattr(Settings(), each.name) for each in fields(Settings)}
    assert all(setting.help for setting in TABLE)
    assert {setting.kind for setting in TABLE} <= {"bool", "int", "float", "str", "map", "table"}


def test_roles_and_settings_start_without_numpy_and_parsers() -> None:
    heavy = {"numpy", "tomllib", "platformdirs", "orjson", "textual"}
    code = f"import sys, tuimon.core.roles, tuimon.core.settings; print({heavy!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
