"""Data of C libraries below a folder whose name they cannot read."""

from pathlib import Path

import pytest

from kmtalk_core import native_path


def test_a_folder_is_reached_past_a_users_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "Jürgen"
    data, here = home / "engine" / "model", home / "extension"
    data.mkdir(parents=True)
    here.mkdir()
    monkeypatch.chdir(here)
    assert native_path.native_path(data) == str(data)  # elsewhere any name will do
    monkeypatch.setattr(native_path.sys, "platform", "win32")
    monkeypatch.setattr(native_path, "_short", lambda path: "C:/JRGEN~1/engine/model")
    assert native_path.native_path(data) == "C:/JRGEN~1/engine/model"
    monkeypatch.setattr(native_path, "_short", str)  # disks without short names give the long one
    found = native_path.native_path(data)
    assert found is not None and found.isascii() and Path(found).samefile(data)
    assert native_path.native_path(data / "größe") is None
