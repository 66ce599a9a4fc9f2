"""The engine: install, remove, check, self-test."""

import tempfile
import time
import wave
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
from bpy.props import BoolProperty, StringProperty

from .. import engine, options
from ..annotations import Done, Options
from ..core import errors, progress
from ..jobs.runner import JobOperator, desk, in_thread
from ..preferred import preferences
from .base import Deed, Needs, hand_on


class _NeedsRest(Needs):
    """Works on the engine while nothing uses it."""

    bl_options: Options = {"INTERNAL"}  # noqa: RUF012

    @classmethod
    def missing(cls, context: Any) -> str:
        return "Wait for what is running, or cancel it." if desk().running else ""


class KMTALK_OT_install_engine(_NeedsRest, JobOperator, bpy.types.Operator):
    """Install the engine: an environment of its own, outside Blender, that outlives Blender's upgrades"""

    bl_idname = "kmtalk.install_engine"
    bl_label = "Install Engine"
    title = "Installing"
    cancelled = "Cancelled: what was downloaded is kept, so Resume goes on from there."

    if TYPE_CHECKING:
        from_folder: bool
        directory: str
    else:
        from_folder: BoolProperty(name="From Folder", description="Install from a folder of wheels, without a network")
        directory: StringProperty(name="Folder", description="Folder of wheels", subtype="DIR_PATH")

    def invoke(self, context: Any, event: Any) -> Done:
        if self.from_folder and not self.directory:
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        return super().invoke(context, event)

    def execute(self, context: Any) -> Done:
        if self.from_folder and not bpy.app.background and context.window is not None:
            return hand_on(self, bpy.ops.kmtalk.install_engine, from_folder=True, directory=self.directory)
        return super().execute(context)

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        chosen = preferences(context).install_device
        wheels = engine.bundled_wheels() if chosen != "CUDA" else None
        if self.from_folder:
            wheels = Path(bpy.path.abspath(self.directory))
        if wheels is None and not bpy.app.online_access:
            raise engine.EngineError(
                "Blender may not go online: allow it (Preferences ▸ System ▸ Network), or install from a folder."
            )
        desk().workers.close()
        return _install(chosen.lower(), wheels, bpy.path.abspath(preferences(context).base_python))


def _install(device: str, wheels: Path | None, base_python: str) -> progress.Job[str]:
    report = yield from engine.install(device, wheels, named=base_python)
    return f"The engine is installed: Python {report.version}, {', '.join(report.devices)}"


class KMTALK_OT_install_microphone(_NeedsRest, JobOperator, bpy.types.Operator):
    """Fetch what hears a microphone: 1 MB beside Blender, without PyTorch. Linux needs the package libportaudio2 too"""

    bl_idname = "kmtalk.install_microphone"
    bl_label = "Get Microphone"
    title = "Fetching"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        wheels = engine.bundled_wheels()
        if wheels is None and not bpy.app.online_access:
            raise engine.EngineError("Blender may not go online: allow it (Preferences ▸ System ▸ Network).")
        return engine.microphone.fetch(wheels)


class KMTALK_OT_remove_engine(_NeedsRest, Deed, bpy.types.Operator):
    """Remove the installed engine and free its disk space"""

    bl_idname = "kmtalk.remove_engine"
    bl_label = "Remove Engine"

    def invoke(self, context: Any, event: Any) -> Done:
        return context.window_manager.invoke_confirm(self, event)

    def do(self, context: Any) -> str:
        desk().workers.close()
        engine.uninstall()
        return "The engine was removed"


class KMTALK_OT_test_engine(_NeedsRest, JobOperator, bpy.types.Operator):
    """Animate a few seconds to see that the engine works, where and how fast"""

    bl_idname = "kmtalk.test_engine"
    bl_label = "Self-Test"
    title = "Testing"

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        found, arguments = options.engine_of(context)
        return _test(found, arguments)


def _test(found: engine.Engine | engine.BuiltIn, arguments: tuple[str, ...]) -> progress.Job[str]:
    names: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as name:
        audio, out = Path(name) / "sentence.wav", Path(name) / "take.npz"
        if isinstance(found, engine.BuiltIn):
            yield from in_thread(lambda: _hum(audio), "humming")
        else:
            found = yield from engine.ready(found)
            names = (yield from engine.check(found)).device_names
            yield from engine.speak(found, "KMTalk brings a face to life from a voice.", audio)
        hello = yield from desk().workers.ask(found, arguments, "hello", load=True)
        request = {"audio": str(audio), "out": str(out)}
        yield from desk().workers.ask(found, arguments, "animate", **request)  # the first time, libraries warm up
        started = time.monotonic()
        yield from desk().workers.ask(found, arguments, "animate", **request)
        seconds = time.monotonic() - started
        if not out.exists():
            raise errors.TakeError("The engine answered without a take: install it again.")
        from ..core import take as takes

        take = yield from in_thread(lambda: takes.load_take(out), "reading")
    device = hello["hello"]["device"]
    place = "inside Blender" if isinstance(found, engine.BuiltIn) else f"on {device}"
    card = f" ({names[0]})" if names and device != "cpu" else ""
    return (
        f"The engine works: {take.duration:.1f} s of sound took {seconds:.1f} s {place}{card}, "
        f"{take.duration / max(seconds, 1e-3):.1f} times real time"
    )


def _hum(path: Path) -> None:
    """Three seconds of a voice without words, as a WAV file."""
    times = np.arange(48000) / 16000
    pitch = 2 * np.pi * np.cumsum(120 + 10 * np.sin(3 * times)) / 16000
    voice = sum(np.sin(number * pitch) / number for number in range(1, 20)) * np.sin(8 * times) ** 2
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((4000 * voice).astype("<i2").tobytes())


CLASSES = (KMTALK_OT_install_engine, KMTALK_OT_install_microphone, KMTALK_OT_remove_engine, KMTALK_OT_test_engine)
