"""From the click to the keys in a Blender that has just started, printed as JSON.

python -m kmtalk_addon.bench SOUND
"""

import contextlib
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

_REPOSITORY = "kmtalk_bench"
MODULE = f"bl_ext.{_REPOSITORY}.kmtalk"
_EDITED_KEY = 5


def main(sound: Path) -> None:
    """Enable the extension from this checkout, animate a face twice, edit a key and regenerate."""
    with enabled():
        print(json.dumps(_measured(sound)))


@contextlib.contextmanager
def enabled() -> Iterator[Path]:
    """The extension of this checkout in a Blender of its own settings, which lie in the folder that is given."""
    import addon_utils

    with tempfile.TemporaryDirectory(prefix="kmtalk-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["BLENDER_USER_RESOURCES"] = folder
        root = Path(folder) / "repository"
        root.mkdir()
        (root / "kmtalk").symlink_to(Path(__file__).resolve().parents[1], target_is_directory=True)
        repositories = bpy.context.preferences.extensions.repos
        repositories.new(name=_REPOSITORY, module=_REPOSITORY, custom_directory=str(root), remote_url="")
        addon_utils.enable(MODULE, default_set=True)
        try:
            yield Path(folder)
        finally:
            addon_utils.disable(MODULE, default_set=True)


def _measured(sound: Path) -> dict[str, Any]:
    animating = importlib.import_module(f"{MODULE}.kmtalk_addon.jobs.animate")
    regenerating = importlib.import_module(f"{MODULE}.kmtalk_addon.jobs.regenerate")
    runner = importlib.import_module(f"{MODULE}.kmtalk_addon.jobs.runner")
    bpy.ops.wm.read_homefile(use_empty=True)
    head = face_named("Head")
    settings = bpy.context.scene.kmtalk
    slowest = []

    def timed(start: Any) -> float:
        begin = time.perf_counter()
        running = runner.RunningJob("", start())
        while not running.is_ended:
            running.advance()
            time.sleep(0.001)
        if running.error:
            raise SystemExit(running.error)
        slowest.append(running.slowest)
        return time.perf_counter() - begin

    def animate() -> Any:
        return animating.animate(animating.request(bpy.context, settings, file=str(sound)))

    def regenerate() -> Any:
        return regenerating.regenerate(bpy.context)

    first, again = timed(animate), timed(animate)
    _edit(head)
    return {
        "first": first,
        "again": again,
        "regenerate": timed(regenerate),
        "longest_tick": max(slowest),
        "blender": bpy.app.version_string,
    }


def face_named(name: str) -> Any:
    """A mesh with ARKit's shape keys, chosen."""
    arkit = importlib.import_module(f"{MODULE}.kmtalk_core.motion.arkit")
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    head = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(head)
    bpy.context.view_layer.objects.active = head
    for key in ("Basis", *arkit.ARKIT_NAMES):
        head.shape_key_add(name=key)
    return head


def _edit(head: Any) -> None:
    lines = importlib.import_module(f"{MODULE}.kmtalk_addon.take.lines")
    action = head.data.shape_keys.animation_data.action
    frame = action.kmtalk_lines.lines[0].key_motions[_EDITED_KEY].frame
    curve = next(c for name, c in lines.curves_by_name(action).items() if name.endswith('["jawOpen"].value'))
    next(point for point in curve.keyframe_points if round(point.co[0]) == frame).co[1] = 0.7
    curve.update()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
