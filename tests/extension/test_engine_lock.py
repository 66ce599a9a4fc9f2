"""What is installed is what was tested: versions and hashes from a lock, each library from one index."""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from kmtalk_core.errors import KMTalkError


@pytest.fixture
def locked() -> Any:
    from kmtalk_addon.engine import locked

    return locked


def report(path: Path, *items: tuple[str, str, str], requires: tuple[str, ...] = ()) -> Path:
    """What pip writes of (name, version, SHA-256)."""
    install = [
        {
            "metadata": {"name": name, "version": version, "requires_dist": list(requires)},
            "download_info": {
                "url": f"https://example.org/{name}-{version}-py3-none-any.whl",
                "archive_info": {"hashes": {"sha256": digest}},
            },
        }
        for name, version, digest in items
    ]
    path.write_text(json.dumps({"version": "1", "install": install}))
    return path


def test_the_lock_has_a_version_of_all_that_the_engine_needs_on_every_system(locked: Any) -> None:
    from kmtalk_addon.engine.install import REQUIREMENTS

    requirements = pytest.importorskip("packaging.requirements")
    pins = locked.pins()
    for text in REQUIREMENTS:
        wanted = requirements.Requirement(text)
        lines = [requirements.Requirement(line) for line in pins[wanted.name]]
        assert all(str(next(iter(line.specifier)).version) in wanted.specifier for line in lines), text
        for python in ("3.11", "3.12", "3.13"):
            for system in ("linux", "win32", "darwin"):
                here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system}
                assert sum(line.marker is None or line.marker.evaluate(here) for line in lines) == 1, (text, here)


def test_every_version_has_hashes(locked: Any) -> None:
    hashes = locked.hashes()
    versions = {(name, re.split(r"==|[\s;]", line)[1]) for name, lines in locked.pins().items() for line in lines}
    assert versions == hashes.keys() and all(hashes.values())


def test_only_what_was_tested_is_taken(locked: Any, tmp_path: Path) -> None:
    hashes = locked.hashes()
    (key, digests), *_ = hashes.items()
    good = (*key, min(digests))
    assert len(locked.chosen([report(tmp_path / "a", good)], hashes)["install"]) == 1
    for bad in ((*key, "0" * 64), (key[0], "99.0", good[2]), ("left-pad", "1.0", good[2]), (*key, "")):
        with pytest.raises(KMTalkError, match="is not the file that KMTalk was tested with"):
            locked.chosen([report(tmp_path / "a", good), report(tmp_path / "b", bad)], hashes)
    with pytest.raises(KMTalkError, match="chosen"):
        (tmp_path / "chosen").write_text('{"install": [{}]}')
        locked.chosen([tmp_path / "chosen"], hashes)


def test_builds_of_pytorchs_own_index_bring_their_own_hash_and_what_a_card_needs(locked: Any, tmp_path: Path) -> None:
    torch = next(version for name, version in locked.hashes() if name == "torch")
    needs = ("nvidia-cublas==13.1; platform_system == 'Linux'", "sympy>=1", "triton==3.7", "opt-einsum; extra == 'o'")
    path = report(tmp_path / "a", ("torch", f"{torch}+cu130", "1" * 64), requires=needs)
    assert locked.chosen([path])["install"]
    assert locked.torch_needs(path) == [needs[0], needs[2]]
    assert locked.chosen([report(tmp_path / "b", ("nvidia-cublas", "13.1", "2" * 64))])
    with pytest.raises(KMTalkError, match="tested with"):
        locked.chosen([report(tmp_path / "c", ("torch", "1.0+cpu", "1" * 64))])
    with pytest.raises(KMTalkError, match="tested with"):
        locked.chosen([report(tmp_path / "d", ("torch", torch, "1" * 64))])


def test_each_library_comes_from_one_index(locked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install = importlib.import_module("kmtalk_addon.engine.install")  # the package has a function of that name
    asked: list[list[str]] = []

    def run(command: Any, *_: Any) -> Any:
        asked.append([str(part) for part in command])
        names = {name: line for name, lines in locked.pins().items() for line in lines if line in asked[-1]}
        if any(part.startswith("torch==") for part in asked[-1]):
            names = {"torch": locked.pins()["torch"][0]}
        found = []
        for name, line in names.items():
            version = re.split(r"==|[\s;]", line)[1]
            found.append((name, version, min(locked.hashes()[name, version])))
        report(Path(asked[-1][asked[-1].index("--report") + 1]), *found)
        yield from ()

    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr(install.sys, "platform", "linux")
    for _ in install._choose(["pip"], "cpu", tmp_path / "chosen.json"):
        pass
    torch, rest = asked
    assert torch[torch.index("--index-url") + 1].endswith("/cpu") and torch[-1].endswith("+cpu")
    assert not any("index" in part for part in rest) and not any(part.startswith("torch==") for part in rest)
    assert not any("--extra-index-url" in command for command in asked)
    assert len(json.loads((tmp_path / "chosen.json").read_text())["install"]) == len(locked.pins())


def test_pypis_build_is_taken_where_pytorchs_server_is_away(
    locked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = importlib.import_module("kmtalk_addon.engine.install")
    faults = importlib.import_module("kmtalk_addon.engine.faults")
    asked: list[list[str]] = []

    def run(command: Any, stage: str, *_: Any) -> Any:
        asked.append([str(part) for part in command])
        if "--index-url" in asked[-1]:
            raise faults.UnreachableError("There is no connection to download.pytorch.org.")
        path = Path(asked[-1][asked[-1].index("--report") + 1])
        torch = locked.pins()["torch"][0]
        version = torch.split("==")[1].split()[0]
        digest = min(locked.hashes()["torch", version])
        if "torch" in path.name:
            assert "about 3 GB" in stage, "what it takes is said"
            report(path, ("torch", version, digest), requires=("nvidia-cublas==13.1; platform_system == 'Linux'",))
        else:
            report(path, *([("nvidia-cublas", "13.1", "2" * 64)] if "card" in path.name else []))
        yield from ()

    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr(install.sys, "platform", "linux")
    monkeypatch.setattr(install, "_require_room", lambda *_, **__: None)
    job = install._choose(["pip"], "cpu", tmp_path / "chosen.json")
    with pytest.raises(StopIteration) as end:
        while True:
            next(job)
    assert end.value.value == "cuda", "the sizes are those of the larger build"
    names = [item["metadata"]["name"] for item in json.loads((tmp_path / "chosen.json").read_text())["install"]]
    assert names == ["torch", "nvidia-cublas"]
    monkeypatch.setattr(install.sys, "platform", "win32")  # PyPI's build knows no card there
    with pytest.raises(KMTalkError, match=r"download\.pytorch\.org"):
        list(install._choose(["pip"], "cuda", tmp_path / "chosen.json"))


def test_a_server_that_does_not_answer_is_told_from_other_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = importlib.import_module("kmtalk_addon.engine.install")
    faults = importlib.import_module("kmtalk_addon.engine.faults")
    monkeypatch.setenv("KMTALK_DATA", str(tmp_path))
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--isolated", "--retries", "1", "--no-deps"]
    away = [*pip, "--index-url", "http://127.0.0.1:9/simple", "no-such-thing"]
    with pytest.raises(faults.UnreachableError, match=r"127\.0\.0\.1"):
        list(install.run(away, "choosing", 0.0, 1.0))
    with pytest.raises(KMTalkError) as told:
        list(install.run([*pip, "--no-index", "no-such-thing"], "choosing", 0.0, 1.0))
    assert not isinstance(told.value, faults.UnreachableError)


def test_a_company_that_looks_into_connections_is_named() -> None:
    from kmtalk_addon.engine.faults import is_unreachable, sentence

    log = "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed')) host='example.org'"
    assert "example.org is not trusted" in sentence(log, Path("x")) and "PIP_CERT" in sentence(log, Path("x"))
    assert is_unreachable(log)


def test_what_is_installed_is_told_with_its_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = importlib.import_module("kmtalk_addon.engine.python")
    monkeypatch.setenv("KMTALK_DATA", str(tmp_path))
    assert python.installed_for() == ""
    python.engine_folder().mkdir(parents=True)
    python.stamp().write_text('{"device": "cuda", "python": "3.11.7"}', encoding="utf-8")
    assert python.installed_for() == "for CUDA, with Python 3.11.7"
    python.stamp().write_text("half a no", encoding="utf-8")
    assert python.installed_for() == ""
