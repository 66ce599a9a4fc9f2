"""The engine: found in the right order, checked with one sentence, installed from a folder, its processes lent out."""

import os
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kmtalk_core.errors import KMTalkError
from kmtalk_core.progress import finish

HAS_TORCH = os.environ.get("KMTALK_PYTHON", sys.executable)  # read before the tests take it away

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The engine's package, which needs no Blender, with a data folder of its own."""
    from kmtalk_addon import engine

    monkeypatch.setenv("KMTALK_DATA", str(tmp_path / "größe 音"))
    monkeypatch.delenv("KMTALK_PYTHON", raising=False)
    yield engine


def test_it_is_found_by_preference_then_variable_then_installation(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon.engine import python

    monkeypatch.setattr(python, "module_folder", lambda name: None)
    with pytest.raises(KMTalkError, match="not installed: press Install Engine"):
        engine.find()
    wanted = python.environment_python()
    wanted.parent.mkdir(parents=True)
    wanted.touch()
    with pytest.raises(KMTalkError, match="press Resume"):
        engine.find()
    python.stamp().touch()
    assert engine.find() == engine.Engine(python.environment_python(), "installed")
    monkeypatch.setenv("KMTALK_PYTHON", sys.executable)
    assert engine.find().python == Path(sys.executable)
    other = tmp_path / "environment"
    (other / "bin").mkdir(parents=True)
    (other / "bin" / "python3").touch()
    assert engine.find(str(other)).origin == "preferences"
    with pytest.raises(KMTalkError, match="is no Python"):
        engine.find(str(tmp_path / "nothing"))


@pytest.mark.skipif(os.name == "nt", reason="starts a script by its first line")
def test_a_python_that_lacks_something_is_told_apart_from_one_that_is_none(engine: Any, tmp_path: Path) -> None:
    report = finish(engine.check(engine.Engine(Path(sys.executable), "test"), ("json", "wave")))
    assert report.devices[0] == "cpu" and not report.failures
    with pytest.raises(KMTalkError, match="no_such_module"):
        finish(engine.check(engine.Engine(Path(sys.executable), "test"), ("no_such_module",)))
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    with pytest.raises(KMTalkError, match="does not run as a Python"):
        finish(engine.check(engine.Engine(fake, "test")))
    with pytest.raises(KMTalkError, match="cannot be started"):
        finish(engine.check(engine.Engine(tmp_path / "gone", "test")))


def test_what_it_installs_is_what_the_project_names() -> None:
    from kmtalk_addon.engine.install import REQUIREMENTS

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {*project["dependencies"], *project["optional-dependencies"]["torch"]}
    assert wanted - set(REQUIREMENTS) == {"rich>=13,<16"}  # bars in a terminal
    assert set(REQUIREMENTS) <= wanted


def test_an_installation_from_an_empty_folder_fails_with_one_sentence_and_can_be_stopped(
    engine: Any, tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    with pytest.raises(KMTalkError, match="holds no wheel of PyTorch"):
        finish(engine.install("cpu", wheels))
    (wheels / f"torch-2.13.0-cp{sys.version_info[0]}{sys.version_info[1]}-cp-any.whl").touch()
    with pytest.raises(KMTalkError, match=r"No numpy.* was found"):
        finish(engine.install("cpu", wheels))
    assert not engine.is_installed() and (engine.data_folder() / "install.log").read_text()
    job = engine.install("cpu", wheels)
    next(job)
    job.close()
    assert engine.has_begun()
    engine.uninstall()
    assert not engine.has_begun()


def test_what_is_removed_is_gone_at_once_and_its_bytes_soon(engine: Any) -> None:
    folder = engine.data_folder() / "engine" / "lib"
    folder.mkdir(parents=True)
    for number in range(300):
        (folder / str(number)).touch()
    engine.uninstall()
    assert not engine.has_begun()
    until = time.monotonic() + 10
    while list(engine.data_folder().glob("old-*")):
        assert time.monotonic() < until
        time.sleep(0.02)


def make_wheel(folder: Path, name: str) -> None:
    """A wheel of one module that says where it lies."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", "print(__file__)")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


def test_wheels_of_a_folder_go_into_an_environment_apart_and_the_engine_says_what_it_lacks(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon.engine import python

    wheels = tmp_path / "мои wheels"
    wheels.mkdir()
    make_wheel(wheels, "tiny")
    (wheels / f"torch-2.13.0-cp{sys.version_info[0]}{sys.version_info[1]}-cp-any.whl").touch()
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nobody listens there
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # of some other Python
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))
    works = engine.data_folder() / "engine" / "works"
    works.parent.mkdir(parents=True)
    works.touch()
    with pytest.raises(KMTalkError, match="This engine cannot work"):
        finish(engine.install("cpu", wheels, requirements=("tiny",)))
    assert engine.has_begun() and not engine.is_installed()
    assert works.exists(), "an installation that fails leaves the engine that was there"
    monkeypatch.delenv("PYTHONHOME")
    built = python.building_folder()
    said = subprocess.run([python.environment_python(built), "-c", "import tiny"], capture_output=True, text=True)
    assert Path(said.stdout.strip()).is_relative_to(built)


def test_an_extension_that_carries_wheels_is_its_own_engine(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon.engine import python

    monkeypatch.setattr(python.client, "PACKAGE_FOLDER", tmp_path)
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / f"torch-2.13.0-cp{sys.version_info[0]}{sys.version_info[1]}-cp-any.whl").touch()
    assert engine.find() == engine.Engine(Path(sys.executable), "bundled", wheels=wheels)
    next(wheels.iterdir()).rename(wheels / "torch-2.13.0-cp27-cp27-any.whl")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KMTalkError, match=r"the engine needs 2\.7"):
        engine.find()
    (tmp_path / "python2.7").write_text("#!/bin/sh\necho KMTALK 2 7 1\n")
    (tmp_path / "python2.7").chmod(0o755)
    assert os.name == "nt" or engine.find().python == tmp_path / "python2.7"


def test_the_data_folder_is_where_each_system_keeps_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    from kmtalk_addon.engine import python

    monkeypatch.delenv("KMTALK_DATA", raising=False)
    monkeypatch.setattr(python, "WINDOWS", True)
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert python.data_folder() == Path("/local/KMTalk")
    assert python.environment_python() == Path("/local/KMTalk/engine/Scripts/python.exe")
    monkeypatch.setattr(python, "WINDOWS", False)
    monkeypatch.setattr(python.sys, "platform", "darwin")
    assert python.data_folder().parts[-3:] == ("Library", "Application Support", "KMTalk")
    monkeypatch.setattr(python.sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert python.data_folder() == Path("/data/kmtalk")


@pytest.mark.parametrize(("written", "meant"), [("~/KM", "KM"), ("my data", "my data"), ('"~/a b"', "a b")])
def test_the_data_folder_may_be_written_short_or_pasted(
    written: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon.engine import python

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("KMTALK_DATA", written)
    assert python.data_folder() == tmp_path / meant


def test_the_python_in_a_blender_of_windows_is_found_in_its_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kmtalk_addon.engine import environment, python

    monkeypatch.setattr(python, "WINDOWS", True)
    executable = tmp_path / "4.5" / "python" / "bin" / "python.exe"
    executable.parent.mkdir(parents=True)
    executable.touch()
    assert environment.home_in_blender(executable) == tmp_path / "4.5" / "python"
    assert python.python_in(tmp_path / "4.5" / "python") == executable


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ProxyError('Cannot connect to proxy.')", "proxy refuses"),
        ("Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "no connection"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "firewall"),
        ("ERROR: No matching distribution found for torch==2.13.0", "No torch==2.13.0 was found"),
        ("HINT: This error might have occurred since this system does not have Windows Long Path support", "too long"),
        ("URLError: <urlopen error [WinError 10060] A connection attempt failed>", "no connection"),
        ("ERROR: something else", "something else"),
    ],
)
def test_each_fault_of_pip_becomes_a_sentence(line: str, said: str) -> None:
    from kmtalk_addon.engine.faults import sentence

    assert said in sentence(f"Collecting torch\n{line}\n", Path("/data"))


def test_what_pip_says_becomes_progress() -> None:
    from kmtalk_addon.engine.faults import Reading

    reading = Reading("downloading", 1000)
    assert not reading.hear("Downloading torch-2.13.0-cp311-manylinux.whl (187.0 MB)")
    assert reading.stage == "downloading torch (187.0 MB)"
    assert reading.hear("Progress 500") and reading.fraction == pytest.approx(0.5)
    reading.hear("Successfully installed numpy torch")
    assert reading.fraction == 1.0


def test_a_process_serves_the_next_job_too_and_ends_when_idle(engine: Any) -> None:
    workers = engine.Workers(limit=1)
    found = engine.Engine(Path(sys.executable), "test")
    try:
        busy = workers.ask(found, (), "hello")
        next(busy)
        waiting = workers.ask(found, (), "hello")
        assert next(waiting).stage == "waiting for another job"
        finish(busy)
        (first,) = workers.pids()
        assert finish(waiting)["hello"]["version"] and workers.pids() == [first]
        workers.close_idle(0.0)
        assert not workers.pids() and _ends(first)
        with pytest.raises(KMTalkError, match="cannot be started"):
            finish(workers.ask(engine.Engine(Path("/no/python"), "test"), (), "hello"))
    finally:
        workers.close()


def test_an_installed_engine_takes_nothing_from_elsewhere(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own packages, and the home of another Python, break what works without them."""
    own = tmp_path / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    own.mkdir(parents=True)
    (own / "of_the_user.py").touch()
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path))
    base = Path(sys.base_prefix) / "bin" / "python3"  # an environment's Python never looks there
    if not base.exists():
        pytest.skip("this Python has no such executable")
    finish(engine.check(engine.Engine(base, "preferences"), ("of_the_user",)))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    finish(engine.check(engine.Engine(base, "preferences"), ("of_the_user",)))
    with pytest.raises(KMTalkError, match="of_the_user"):
        finish(engine.check(engine.Engine(base, "installed"), ("of_the_user",)))


@pytest.mark.skipif(os.name == "nt", reason="looks at /proc-like process ids")
def test_closing_ends_a_busy_process(engine: Any, long_speech: Path, weights: Path, tmp_path: Path) -> None:
    workers = engine.Workers()
    arguments = ("--weights", str(weights), "--device", "cpu")
    job = workers.ask(
        engine.Engine(Path(HAS_TORCH), "test"),
        arguments,
        "animate",
        audio=str(long_speech),
        out=str(tmp_path / "t"),
    )
    while next(job).stage == "starting the engine":
        time.sleep(0.01)
    (pid,) = workers.pids()
    job.close()
    workers.close()
    assert _ends(pid)


def _ends(pid: int) -> bool:
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_blenders_own_python_is_copied_so_that_the_engine_outlives_it(engine: Any, tmp_path: Path) -> None:
    from kmtalk_addon.engine import environment, python

    home = tmp_path / "blender" / "4.5" / "python"
    for name in ("bin/python3.11", "lib/python3.11/os.py", "lib/python3.11/site-packages/numpy/__init__.py"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    assert finish(environment.make(home / "bin" / "python3.11")) == []
    copy = python.building_folder()
    assert python.environment_python(python.building_folder()) == copy / "bin" / "python3.11"
    assert (copy / "lib/python3.11/os.py").exists() and not (copy / "lib/python3.11/site-packages").exists()
    (copy / "half a library").touch()
    assert finish(environment.make(Path(sys.executable)))[1:3] == ["-m", "venv"]
    assert not (copy / "half a library").exists()


def test_a_new_engine_takes_the_place_of_the_old_one_when_it_is_whole(engine: Any) -> None:
    from kmtalk_addon.engine import environment, python

    for folder, said in ((python.engine_folder(), "old"), (python.building_folder(), "new")):
        folder.mkdir(parents=True)
        python.stamp(folder).write_text(said)
    environment.swap_in()
    assert python.stamp().read_text() == "new" and not python.building_folder().exists()


def test_the_operator_asks_for_online_access(addon: Callable[[str], Any], scene: Any) -> None:
    import bpy

    if bpy.app.online_access:
        pytest.skip("this Blender may go online")
    with pytest.raises(RuntimeError, match="may not go online"):
        bpy.ops.kmtalk.install_engine()


def test_the_operator_installs_from_a_folder_without_asking_and_only_when_nothing_runs(
    addon: Callable[[str], Any], scene: Any, tmp_path: Path
) -> None:
    import bpy

    with pytest.raises(RuntimeError, match="holds no wheel of PyTorch"):
        bpy.ops.kmtalk.install_engine(from_folder=True, directory=str(tmp_path))
    running = addon("jobs.runner").desk().start("Testing", iter(()))
    try:
        with pytest.raises(RuntimeError, match="Wait for what is running"):
            bpy.ops.kmtalk.install_engine(from_folder=True, directory=str(tmp_path))
    finally:
        addon("jobs.runner").desk().running.remove(running)
