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

from .as_module import leave

_REPOSITORY = "kmtalk_bench"
MODULE = f"bl_ext.{_REPOSITORY}.kmtalk"
_EDITED_KEY = 5
_EDITS = 4


def main(sound: Path) -> None:
    """Enable the extension from this checkout, animate a face twice, edit keys, regenerate, and have Live answer."""
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
    edits = []
    for number in range(_EDITS):
        _edit(head, _EDITED_KEY + number)
        edits.append(timed(regenerate))
    unconcerned = _unconcerned(settings)
    return {
        "first": first,
        "again": again,
        "regenerate": edits[0],
        "regenerate_again": min(edits[1:]),
        "live": min(_answered(head, _EDITED_KEY + _EDITS + number) for number in range(_EDITS)),
        "unconcerned_microseconds": unconcerned,
        "longest_tick": max(slowest),
        "blender": bpy.app.version_string,
    }


def _answered(head: Any, key: int) -> float:
    """Seconds in which Live answers an edit, from the moment at which it begins on."""
    switch = importlib.import_module(f"{MODULE}.kmtalk_addon.live.switch")
    live, settings = switch.live(), bpy.context.scene.kmtalk
    settings.live = True
    _edit(head, key)
    bpy.context.view_layer.update()
    time.sleep(2 * switch.QUIET)
    before, begin = live.answered, time.perf_counter()
    while live.answered == before:
        if not settings.live:
            raise SystemExit(live.fault)
        live.tick(bpy.context)
        time.sleep(0.001)
    spent = time.perf_counter() - begin
    settings.live = False
    return spent


def _unconcerned(settings: Any) -> float:
    """Microseconds that Live costs at an update of the scene that does not concern it, of a thousand objects."""
    noticing = importlib.import_module(f"{MODULE}.kmtalk_addon.live.noticing")
    items = [bpy.data.objects.new(f"Item{number}", None) for number in range(1000)]
    for item in items:
        bpy.context.scene.collection.objects.link(item)
    bpy.context.view_layer.update()
    spent: list[float] = []

    def timed(scene: Any, depsgraph: Any) -> None:
        begin = time.perf_counter()
        for _ in range(100):
            noticing._after_update(scene, depsgraph)
        spent.append((time.perf_counter() - begin) * 1e4)

    settings.live = True
    bpy.app.handlers.depsgraph_update_post.append(timed)
    for item in items:
        item.location.x += 1.0
    bpy.context.view_layer.update()
    bpy.app.handlers.depsgraph_update_post.remove(timed)
    settings.live = False
    for item in items:
        bpy.data.objects.remove(item)
    return max(spent)


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


def _edit(head: Any, key: int) -> None:
    lines = importlib.import_module(f"{MODULE}.kmtalk_addon.take.lines")
    action = head.data.shape_keys.animation_data.action
    frame = action.kmtalk_lines.lines[0].key_motions[key].frame
    curve = next(c for name, c in lines.curves_by_name(action).items() if name.endswith('["jawOpen"].value'))
    next(point for point in curve.keyframe_points if round(point.co[0]) == frame).co[1] = 0.7
    curve.update()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
    leave(0)
