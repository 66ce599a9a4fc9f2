"""What hears a microphone, fetched without the engine: from wheels of this test's own, by pip and the lock's hashes."""

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kmtalk_core.errors import KMTalkError
from kmtalk_core.progress import finish

DEVICE = """
import struct, threading
class PortAudioError(Exception): pass
def query_devices(device=None, kind=None):
    return {"name": "Tone", "index": 0, "default_samplerate": 16000.0, "max_input_channels": 1}
class RawInputStream:
    def __init__(self, samplerate, blocksize, device, channels, dtype, callback):
        self.block = struct.pack(f"<{blocksize}f", *[0.25] * blocksize), blocksize, None, None
        self.callback, self.ended = callback, threading.Event()
    def __enter__(self):
        threading.Thread(target=self.play, daemon=True).start()
    def play(self):
        while not self.ended.wait(0.001):
            self.callback(*self.block)
    def __exit__(self, *_):
        self.ended.set()
"""
WHEELS = {"sounddevice": ("0.5.6", DEVICE), "cffi": ("2.1.1", ""), "pycparser": ("3.12", "")}


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, with the lock that names them; nothing else hears here."""
    import kmtalk_addon.engine.python as python

    monkeypatch.setenv("KMTALK_DATA", str(tmp_path / "größe 音 x"))
    monkeypatch.delenv("KMTALK_PYTHON", raising=False)
    monkeypatch.setattr(python, "module_folder", lambda name: None)
    folder = tmp_path / "wheels"
    folder.mkdir()
    lines = []
    for name, (version, code) in WHEELS.items():
        path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", code)
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{name}=={version} \\\n    --hash=sha256:{digest}")
    (tmp_path / "lock").write_text("\n".join(lines) + "\n")
    return folder


def test_it_is_fetched_and_heard(
    addon: Callable[[str], Any], wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voices, engine = addon("acting.voices"), addon("engine")
    monkeypatch.setattr(voices.live, "has_microphone", lambda: False)
    monkeypatch.setattr(voices.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(engine.python, "module_folder", lambda name: None)
    assert not voices.can_hear("")
    with pytest.raises(addon("core").errors.KMTalkError, match="press Get Microphone"):
        voices.microphone("")
    assert finish(engine.microphone.fetch(wheels, tmp_path / "lock")) == "A microphone can be heard now"
    assert voices.can_hear("")
    heard = voices.microphone("")
    blocks = [next(heard) for _ in range(30)]
    heard.close()
    np.testing.assert_allclose(np.concatenate(blocks)[1000:], 0.25, atol=0.01)


def test_what_is_not_what_was_tested_is_refused_and_nothing_stays(wheels: Path, tmp_path: Path) -> None:
    from kmtalk_addon.engine import microphone

    lock = tmp_path / "lock"
    lock.write_text(lock.read_text()[:-3] + "00\n")
    with pytest.raises(KMTalkError):
        finish(microphone.fetch(wheels, lock))
    assert microphone.found() is None


def test_the_lock_has_all_that_hears() -> None:
    from kmtalk_addon.engine import locked, microphone

    assert {line.split("==")[0] for line in microphone._pins(locked.LOCK)} == set(microphone.NAMES)
