"""Files are written whole or not at all, and never over what they were made from."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kmtalk_core import files
from kmtalk_core.client import PACKAGE_FOLDER
from kmtalk_core.files import OutputError, folded, replacing, require_free, safe_name, spelt, typed_path


def write(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


def test_a_file_takes_its_place_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "größe 音.npz"
    write(path)
    assert path.read_bytes() == b"new"
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"half")
        _ = 1 / 0
    assert path.read_bytes() == b"new" and list(path.parent.iterdir()) == [path]


def test_a_name_that_another_program_holds_for_a_moment_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, failures = tmp_path / "take.npz", [PermissionError(13, "held"), PermissionError(13, "held")]
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if failures:
            raise failures.pop()
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write(path)
    assert path.read_bytes() == b"new" and not failures


def test_a_name_that_stays_held_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(self: Path, target: Path) -> Path:
        raise PermissionError(13, "held")

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError, match="is open in another program"):
        write(tmp_path / "take.npz")
    assert not list(tmp_path.iterdir())


def test_no_source_device_pipe_link_or_folder_is_written_over(tmp_path: Path) -> None:
    source = tmp_path / "line.wav"
    source.write_bytes(b"sound")
    for spelling in (source, tmp_path / "." / "line.wav", tmp_path / "x" / ".." / "line.wav"):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(OutputError, match="which is read"):
            require_free(spelling, None, source)
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path / "x")
    require_free(tmp_path / "free.npz", source)
    assert source.read_bytes() == b"sound"


@pytest.mark.skipif(os.name == "nt", reason="links need a right there, and pipes and devices are no files")
def test_what_is_no_plain_file_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "nowhere").symlink_to("nothing")
    os.link(tmp_path / "real", tmp_path / "hard")
    os.mkfifo(tmp_path / "pipe")
    for name, says in (("link", "is a link to real"), ("nowhere", "is a link to nothing"), ("pipe", "a pipe")):
        with pytest.raises(OutputError, match=says):
            write(tmp_path / name)
        assert not (tmp_path / name).is_file() or (tmp_path / name).is_symlink()
    with pytest.raises(OutputError, match="device"):
        write(Path("/dev/null"))
    with pytest.raises(OutputError, match="which is read"):
        require_free(tmp_path / "hard", tmp_path / "real")
    assert (tmp_path / "real").read_bytes() == b"old" and Path("/dev/null").is_char_device()


@pytest.mark.skipif(os.name == "nt", reason="has no such name")
@pytest.mark.parametrize("into", ["pipe", "file"])
def test_the_programs_own_output_may_be_written_to(into: str, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from kmtalk_core.files import replacing\n"
        "with replacing(Path('/dev/stdout')) as file: file.write(b'a' * 200000); file.seek(0); file.write(b'b')"
    )
    out = tmp_path / "out"
    with out.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=PACKAGE_FOLDER,
            stdout=subprocess.PIPE if into == "pipe" else file,
            check=True,
        )
    content = done.stdout if into == "pipe" else out.read_bytes()
    assert content == b"b" + b"a" * 199_999


def test_names_in_the_other_form_of_accents_are_found(tmp_path: Path) -> None:
    composed, decomposed = "été.wav", "e\u0301te\u0301.wav"
    assert composed != decomposed
    (tmp_path / decomposed).write_bytes(b"")
    assert spelt(tmp_path / composed).exists()
    assert spelt(tmp_path / "none.wav") == tmp_path / "none.wav"


def test_names_are_compared_as_the_disk_compares_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["line", "LINE", "é", "e\u0301"]
    (tmp_path / "probe").write_bytes(b"")
    folds_case = (tmp_path / "PROBE").exists()
    assert len(set(folded(names[:2], tmp_path))) == (1 if folds_case else 2)
    assert [path.name for path in tmp_path.iterdir()] == ["probe"]
    for folds, different in (((True, True), 2), ((True, False), 3), ((False, True), 3), ((False, False), 4)):
        monkeypatch.setattr(files, "_folds", lambda folder, folds=folds: folds)
        assert len(set(folded(names, tmp_path))) == different


def test_names_of_devices_and_pasted_paths() -> None:
    assert [safe_name(name) for name in ("Con.json", "aux", "COM1.x.json", "Conrad.json", "Anna")] == [
        "_Con.json", "_aux", "_COM1.x.json", "Conrad.json", "Anna",
    ]  # fmt: skip
    assert typed_path(' "/a b/c.wav" ') == Path("/a b/c.wav") and typed_path("'x'") == Path("x")
    assert typed_path("~/x") == Path.home() / "x" and typed_path('"') == Path('"')


def test_two_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    threads = [threading.Thread(target=write, args=(path, bytes([65 + n]) * 100_000)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = path.read_bytes()
    assert len(content) == 100_000 and len(set(content)) == 1 and list(tmp_path.iterdir()) == [path]


def test_no_folder_of_a_job_fails_when_a_file_in_it_is_held() -> None:
    """On Windows a file that a worker or a scanner reads cannot be removed: its folder's end must not raise then."""
    calls = [
        f"{path.name}: {line.strip()}"
        for package in ("kmtalk_core", "kmtalk_addon")
        for path in (PACKAGE_FOLDER / package).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "TemporaryDirectory(" in line and "ignore_cleanup_errors=True" not in line
    ]
    assert not calls
