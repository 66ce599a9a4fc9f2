"""Three hundred lines on one face: what one more costs to add, to regenerate and to remove, printed as JSON.

python -m kmtalk_addon.bench_lines SOUND [COUNT]

`work` is the time that Blender's own thread is kept busy, `tick` the longest of it in one piece (seconds), and
`processor` how much of `work` the processor gave to it, whatever else runs there.  `shown` is what Blender itself does
between the pieces, as in a window, and `times` how often: it copies all keys of an action that changed.  With
KMTALK_PROFILE in the environment the slowest functions of each part go to stderr.
"""

import cProfile
import importlib
import json
import os
import pstats
import shutil
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from .as_module import leave
from .bench import MODULE, enabled, face_named

_GAP = 24  # frames between two lines
_PLAYED = 200  # frames
_SHOWN = 0.005  # seconds: what Blender does of itself where nothing changed is less


def main(sound: Path, count: int) -> None:
    with enabled() as folder:
        print(json.dumps(_measured(sound, count, folder), indent=1))


def _module(name: str) -> Any:
    return importlib.import_module(f"{MODULE}.kmtalk_addon.{name}")


def _measured(sound: Path, count: int, folder: Path) -> dict[str, Any]:
    animating, regenerating, changing = (_module(f"jobs.{name}") for name in ("animate", "regenerate", "change_lines"))
    bpy.ops.wm.read_homefile(use_empty=True)
    head, scene = face_named("Head"), bpy.context.scene
    scene.kmtalk.transcript, scene.kmtalk.add_strip = "NONE", False

    def animate(path: Path) -> Any:
        return animating.animate(animating.request(bpy.context, scene.kmtalk, file=str(path)))

    _timed("first", lambda: animate(sound))
    first = _line(head)
    length = int(first.last - first.first) + _GAP
    _repeat(head, count - 2, length)
    scene.frame_start = 1 + length * (count - 1)
    other = folder / "other.wav"  # another file, so another line
    shutil.copy(sound, other)
    found: dict[str, Any] = {"blender": bpy.app.version_string, "lines": count}
    found["add"] = _timed("add", lambda: animate(other))
    found["keys of curves"] = sum(len(curve.keyframe_points) for curve in _curves(head).values())
    frame = _edit(head)
    found["count edits"] = _timed("count edits", lambda: _look(head))
    found["regenerate"] = _timed("regenerate", lambda: regenerating.regenerate(bpy.context))
    found["Blender alone, one key moved"] = _one_key(head)
    begin = time.perf_counter()
    _module("ui.lane").seen(bpy.context, frame - 100, frame + 100)
    found["lane, what is seen"] = time.perf_counter() - begin
    path = folder / "lines.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    begin = time.perf_counter()
    bpy.ops.wm.open_mainfile(filepath=str(path))
    found["open"] = {"seconds": time.perf_counter() - begin, "megabytes": path.stat().st_size / 1e6}
    head = bpy.data.objects["Head"]
    found["play, a frame"] = {"with the lines": _play()}
    found["remove"] = _timed("remove", lambda: changing.remove(bpy.context))
    scene = bpy.context.scene
    lines = _module("take.lines")
    middle = _action(head).kmtalk_lines.lines[count // 2]
    scene.frame_start = middle.first
    lines.choose(_action(head), middle.uid)
    found["remove from the middle"] = _timed("remove from the middle", lambda: changing.remove(bpy.context))
    found["add in the middle"] = _timed("add in the middle", lambda: animate(other))
    head.data.shape_keys.animation_data_clear()
    found["play, a frame"]["without"] = _play()
    return found


def _timed(part: str, start: Callable[[], Generator[Any, None, Any]]) -> dict[str, float]:
    """Run a job to its end as a window does, a step at a time."""
    profile = cProfile.Profile() if os.environ.get("KMTALK_PROFILE") else None
    steps: list[float] = []
    of_processor: list[float] = []
    shown: list[float] = []

    def step(do: Callable[[], Any]) -> Any:
        begin, busy = time.perf_counter(), time.thread_time()
        if profile is not None:
            profile.enable()
        try:
            found = do()
        finally:
            if profile is not None:
                profile.disable()
            steps.append(time.perf_counter() - begin)
            of_processor.append(time.thread_time() - busy)
        begin = time.perf_counter()
        bpy.context.view_layer.update()
        shown.append(time.perf_counter() - begin)
        return found

    begin = time.perf_counter()
    job = step(start)
    while True:
        try:
            step(lambda: next(job))
        except StopIteration:
            break
        time.sleep(0.001)
    if profile is not None:
        print(part, file=sys.stderr)
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(25)
    return {
        "work": sum(steps),
        "processor": sum(of_processor),
        "tick": max(steps),
        "shown": sum(shown),
        "times": sum(each > _SHOWN for each in shown),
        "from click to end": time.perf_counter() - begin,
    }


def _repeat(head: Any, times: int, length: int) -> None:
    """Lay the take of the first line again and again, each a line's length later."""
    store, bake, options = _module("take.store"), _module("take.bake"), _module("options")
    take, story = store.take_of(_line(head)), store.story_of(_line(head))
    face = options.face_of([head])
    for number in range(1, times + 1):
        start = story.start + length * number
        told = replace(story, start=start, audio=f"{story.audio}.{number}", stamp="")
        bake.bake(take, face, bpy.context.scene, bake.BakeOptions(f"line {number}", start), told)


def _look(head: Any) -> Generator[Any, None, Any]:
    """What the panel does to tell how many edits wait."""
    pending, writing = _module("take.pending"), _module("take.writing")
    return pending.count(_action(head).session_uid, pending.memory(), writing.Pace())


def _edit(head: Any) -> int:
    """Pose a key of the chosen line by hand; its frame."""
    keys = _line(head).key_motions
    frame = int(keys[len(keys) // 2].frame)
    curve = next(c for name, c in _curves(head).items() if name.endswith('["jawOpen"].value'))
    next(point for point in curve.keyframe_points if round(point.co[0]) == frame).co[1] = 0.7
    curve.update()
    return frame


def _one_key(head: Any) -> float:
    """Seconds that Blender itself takes to show a frame after one key of the action was moved."""
    curve = next(iter(_curves(head).values()))
    curve.keyframe_points[0].co[1] += 0.01
    curve.update()
    begin = time.perf_counter()
    bpy.context.scene.frame_set(bpy.context.scene.frame_current)
    return time.perf_counter() - begin


def _action(head: Any) -> Any:
    return head.data.shape_keys.animation_data.action


def _line(head: Any) -> Any:
    return _module("take.lines").chosen_in([_action(head)])


def _curves(head: Any) -> dict[str, Any]:
    found: dict[str, Any] = _module("take.lines").curves_by_name(_action(head))
    return found


def _play() -> float:
    """Seconds that a frame takes from one to the next."""
    scene = bpy.context.scene
    begin = time.perf_counter()
    for number in range(_PLAYED):
        scene.frame_set(1 + number)
    return (time.perf_counter() - begin) / _PLAYED


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 300)
    leave(0)
