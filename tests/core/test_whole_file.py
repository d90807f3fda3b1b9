from __future__ import annotations

import os
from pathlib import Path

import pytest

from tuimon.core.whole_file import whole_file


def test_a_file_takes_its_name_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with whole_file(path, ()) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def write_half(path: Path, error: type[BaseException]) -> None:
    with whole_file(path, ()) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_what_ends_early_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(error):
        write_half(path, error)
    assert list(tmp_path.iterdir()) == []


def test_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a", ()):
        pass
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_link_is_followed_and_a_device_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with whole_file(tmp_path / "link", ()) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"
    with whole_file(Path(os.devnull), ()) as file:
        file.write(b"gone")
    assert not Path(os.devnull).is_file()


def test_a_missing_folder_is_told_by_the_wanted_name(tmp_path: Path) -> None:
    path = tmp_path / "none" / "out.csv"
    with pytest.raises(FileNotFoundError) as caught, whole_file(path, ()):
        pass
    assert caught.value.filename == str(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), whole_file(tmp_path, ()):
        pass
