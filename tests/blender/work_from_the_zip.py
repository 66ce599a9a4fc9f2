"""What an animator does in a day, in a bare Blender into which the zip was installed: run by `test_package` alone.

Of Python's packages this Blender has NumPy, as every one has, and it may start no process: nothing else is installed.

python work_from_the_zip.py ZIP SOUND FOLDER
"""

import importlib
import json
import os
import subprocess
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

ABSENT = frozenset(
    {
        "torch",
        "transformers",
        "safetensors",
        "scipy",
        "soundfile",
        "soxr",
        "pocketsphinx",
        "espeakng_loader",
        "rich",
        "av",
    }
)


class Bare(MetaPathFinder):
    """Python without the packages that no Blender brings."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Bare())

import bpy  # noqa: E402

MODULE = "bl_ext.user_default.kmtalk"
FRAME, TRIM = 20, 3
JAW = 'key_blocks["jawOpen"].value'


def main(archive: Path, sound: Path, folder: Path) -> None:
    bpy.ops.extensions.package_install_files(filepath=str(archive), repo="user_default", enable_on_install=True)
    assert MODULE in bpy.context.preferences.addons, "not enabled"
    assert not loaded("kmtalk", "torch"), "modules outside the extension"
    subprocess.Popen = refuse  # Blender's installer starts one; from here on nobody does
    arkit = importlib.import_module(f"{MODULE}.kmtalk_core.motion.arkit")

    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.001
    add_face(scene, arkit.ARKIT_NAMES)
    start = add_strip(scene, sound) if bpy.app.build_options.audaspace else 0
    where = {"strip": "line"} if start else {"file": str(sound)}
    assert bpy.ops.kmtalk.animate(faces="Head", **where) == {"FINISHED"}
    animated = curves()
    keys = [key.frame for key in action().kmtalk_lines.lines[0].key_motions]
    # Before and after them the mouth comes from rest and goes to it.
    spoken = [frame for frame in sorted(animated[JAW]) if keys[0] <= frame <= keys[-1]]
    assert len(animated) == 52 and spoken == list(range(keys[0], keys[-1] + 1)), "a frame has no key"
    assert keys[0] == (start or scene.frame_start), f"it starts on frame {keys[0]}"

    before, edited, after = next(
        (a, b, c) for a, b, c in zip(keys[2:], keys[3:], keys[4:], strict=False) if min(b - a, c - b) >= 2
    )
    edit(edited, 0.8125)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"}
    regenerated = curves()
    assert regenerated[JAW][edited] == 0.8125
    changed = {f for path, points in animated.items() for f in points if points[f] != regenerated[path].get(f)}
    assert edited in changed and before < min(changed) and max(changed) < after, (before, changed, after)

    path = str(folder / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert curves() == regenerated, "the curves changed on their way through the file"
    assert {key.frame: key.state for key in action().kmtalk_lines.lines[0].key_motions}[edited] == "edited"
    edit(edited, 0.25)
    assert bpy.ops.kmtalk.regenerate() == {"FINISHED"} and curves()[JAW][edited] == 0.25
    if start:
        (folder / "who.json").write_text(json.dumps({"line": "Head"}))
        command_line = importlib.import_module(f"{MODULE}.kmtalk_addon.command_line")
        assert command_line.main(["scene", "--map", str(folder / "who.json"), "--no-save"]) == 0
    assert not loaded("kmtalk", *ABSENT), "modules outside the extension"
    print("worked")


def refuse(*arguments: object, **options: object) -> None:
    raise AssertionError(f"a process was started: {arguments}")


def loaded(*names: str) -> list[str]:
    return [name for name in sys.modules if name.split(".")[0].startswith(names)]


def add_face(scene: bpy.types.Scene, names: "tuple[str, ...]") -> None:
    mesh = bpy.data.meshes.new("Head")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    head = bpy.data.objects.new("Head", mesh)
    scene.collection.objects.link(head)
    bpy.context.view_layer.objects.active = head
    for name in ("Basis", *names):
        head.shape_key_add(name=name)


def add_strip(scene: bpy.types.Scene, sound: Path) -> int:
    """Put the sound on the timeline, trimmed at both ends; return the first frame that is heard."""
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_sound(name="line", filepath=str(sound), channel=3, frame_start=FRAME)
    strip.frame_offset_start, strip.frame_offset_end = TRIM, 2
    return FRAME + TRIM


def action() -> bpy.types.Action:
    return bpy.data.objects["Head"].data.shape_keys.animation_data.action


def fcurves() -> "dict[str, bpy.types.FCurve]":
    lines = importlib.import_module(f"{MODULE}.kmtalk_addon.take.lines")
    return {name.split("|")[1]: curve for name, curve in lines.curves_by_name(action()).items()}


def curves() -> "dict[str, dict[int, float]]":
    return {path: {round(p.co[0]): p.co[1] for p in curve.keyframe_points} for path, curve in fcurves().items()}


def edit(frame: int, value: float) -> None:
    curve = fcurves()[JAW]
    next(p for p in curve.keyframe_points if round(p.co[0]) == frame).co[1] = value
    curve.update()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
    sys.stdout.flush()
    os._exit(0)  # Blender's own end as a module may never come
