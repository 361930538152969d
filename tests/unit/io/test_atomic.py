"""Files that are complete or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from usadel_fem.io.atomic import atomic_path, write_text


def fail_at(path: Path, name: str | None = None) -> None:
    """A write that fails at the temporary file, or at another one."""
    with atomic_path(path) as temporary:
        raise PermissionError(13, "Permission denied", name or str(temporary))


def test_an_error_names_the_file_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(PermissionError) as caught:
        fail_at(tmp_path / "a.txt")
    assert caught.value.filename == str(tmp_path / "a.txt")
    with pytest.raises(PermissionError) as caught:
        fail_at(tmp_path / "a.txt", "b.txt")
    assert caught.value.filename == "b.txt"
    assert not list(tmp_path.iterdir())


def test_a_directory_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OSError, match="directory") as caught:
        write_text(tmp_path / "a.txt", "all of it")
    assert caught.value.filename == str(tmp_path / "a.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
