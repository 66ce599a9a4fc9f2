"""The engine: install, remove, check, self-test."""

import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, StringProperty

from .. import engine, options
from ..core import errors, progress
from ..jobs.runner import JobOperator, desk, in_thread
from ..preferences import preferences


def _nothing_runs(operator: Any) -> bool:
    """Whether the engine is idle; where it is not, `operator`'s grey button says so."""
    if desk().running:
        operator.poll_message_set("Wait for what is running, or cancel it.")
    return not desk().running


class KMTALK_OT_install_engine(JobOperator, bpy.types.Operator):
    """Install the engine: an environment of its own, outside Blender, that outlives Blender's upgrades"""

    bl_idname = "kmtalk.install_engine"
    bl_label = "Install Engine"
    bl_options = {"INTERNAL"}  # noqa: RUF012
    title = "Installing"
    cancelled = "Cancelled: what was downloaded is kept, so Resume goes on from there."

    if TYPE_CHECKING:
        from_folder: bool
        directory: str
    else:
        from_folder: BoolProperty(name="From Folder", description="Install from a folder of wheels, without a network")
        directory: StringProperty(name="Folder", description="Folder of wheels", subtype="DIR_PATH")

    @classmethod
    def poll(cls, context: Any) -> bool:
        return _nothing_runs(cls)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if self.from_folder and not self.directory:
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        return super().invoke(context, event)

    def execute(self, context: Any) -> set[str]:
        if self.from_folder and not bpy.app.background and context.window is not None:
            bpy.ops.kmtalk.install_engine("INVOKE_DEFAULT", from_folder=True, directory=self.directory)
            return {"FINISHED"}
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
        return _install(chosen.lower(), wheels)


def _install(device: str, wheels: Path | None) -> progress.Job[str]:
    report = yield from engine.install(device, wheels)
    return f"The engine is installed: Python {report.version}, {', '.join(report.devices)}"


class KMTALK_OT_remove_engine(bpy.types.Operator):
    """Remove the installed engine and free its disk space"""

    bl_idname = "kmtalk.remove_engine"
    bl_label = "Remove Engine"
    bl_options = {"INTERNAL"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        return _nothing_runs(cls)

    def invoke(self, context: Any, event: Any) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)  # type: ignore[no-any-return]

    def execute(self, context: Any) -> set[str]:
        desk().workers.close()
        try:
            engine.uninstall()
        except errors.KMTalkError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, "The engine was removed")
        return {"FINISHED"}


class KMTALK_OT_test_engine(JobOperator, bpy.types.Operator):
    """Animate a sentence to see that the engine works, on what device and how fast"""

    bl_idname = "kmtalk.test_engine"
    bl_label = "Self-Test"
    bl_options = {"INTERNAL"}  # noqa: RUF012
    title = "Testing"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return _nothing_runs(cls)

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        found, arguments = options.engine_of(context)
        return _test(found, arguments)


def _test(found: engine.Engine, arguments: tuple[str, ...]) -> progress.Job[str]:
    found = yield from engine.ready(found)
    report = yield from engine.check(found)
    with tempfile.TemporaryDirectory(prefix="kmtalk_") as name:
        audio, out = Path(name) / "sentence.wav", Path(name) / "take.npz"
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
    names = f" ({report.device_names[0]})" if report.device_names and device != "cpu" else ""
    return (
        f"The engine works: {take.duration:.1f} s of speech took {seconds:.1f} s on {device}{names}, "
        f"{take.duration / max(seconds, 1e-3):.1f} times real time"
    )


CLASSES = (KMTALK_OT_install_engine, KMTALK_OT_remove_engine, KMTALK_OT_test_engine)
