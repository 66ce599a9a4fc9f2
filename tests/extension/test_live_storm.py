"""Live in a storm of edits, of the kinds that a window makes, one on the other: none is lost, and it stays on.

KMTALK_EDITS says how many; KMTALK_SEED which.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faces_at_work import SENTENCE, action_of, line_in

EDITS = int(os.environ.get("KMTALK_EDITS", "12"))
SEED = int(os.environ.get("KMTALK_SEED", "1"))
_PATIENCE = 30.0


class Storm:
    """A face that speaks with Live on, and one who edits it."""

    def __init__(self, addon: Callable[[str], Any], folder: Path) -> None:
        self.addon, self.folder = addon, folder
        self.chance = random.Random(SEED)
        self.hopes: list[Callable[[], None]] = []
        self.done: list[str] = []
        self.taken: set[int] = set()

    @property
    def head(self) -> Any:
        import bpy

        return bpy.data.objects["Head"]

    @property
    def line(self) -> Any:
        return line_in(action_of(self.head))

    @property
    def live(self) -> Any:
        return self.addon("live.switch").live()

    def points(self, name: str) -> Any:
        curves = self.addon("take.lines").curves_by_name(action_of(self.head))
        return next(c for path, c in curves.items() if path.endswith(f'["{name}"].value')).keyframe_points

    def value_at(self, name: str, frame: int) -> float:
        return next(float(p.co[1]) for p in self.points(name) if round(p.co[0]) == frame)

    def key(self, gap: int = 1) -> int:
        """A frame with a key motion that nothing was done to since the last rest, `gap` from its neighbours."""
        frames = [item.frame for item in self.line.key_motions]
        inner = zip(frames, frames[1:], frames[2:], strict=False)
        free = [b for a, b, c in inner if b - a > gap and c - b > gap and not any(abs(b - f) < 6 for f in self.taken)]
        return self.chance.choice(free) if free else 0

    def tick(self, times: int) -> None:
        import bpy

        for _ in range(times):
            bpy.context.view_layer.update()
            self.live.tick(bpy.context)
            time.sleep(0.002)

    def rest(self) -> None:
        import bpy

        begin, idle = time.monotonic(), 0
        while idle < 3:
            assert bpy.context.scene.kmtalk.live, (self.done[-6:], self.live.fault)
            assert time.monotonic() - begin < _PATIENCE, (self.done[-6:], "Live does not come to rest")
            bpy.context.view_layer.update()
            wait = self.live.tick(bpy.context)
            noted = self.addon("live.noticing").notices()
            busy = self.live._job or self.live._queue or noted.actions or noted.is_any or noted.has_settings
            idle = 0 if busy or noted.posed is not None else idle + 1
            time.sleep(min(wait, 0.02))

    # What an artist does; each hopes for something that must be so after the next rest

    def sets_a_value(self) -> None:
        name, frame, value = self.chance.choice(("jawOpen", "mouthClose", "browInnerUp")), self.key(), self.some()
        if frame:
            point = next(p for p in self.points(name) if round(p.co[0]) == frame)
            point.co[1] = value
            action_of(self.head).update_tag()
            self.hope(frame, lambda: self.value_at(name, frame) == pytest.approx(value, abs=1e-3))

    def moves_a_slider(self) -> None:
        import bpy

        frame, value = self.key(), self.some()
        if frame and not self.hopes:  # else its answer is what the slider shows by then
            bpy.context.scene.frame_set(frame)
            self.head.data.shape_keys.key_blocks["jawOpen"].value = value
            self.hope(frame, lambda: self.value_at("jawOpen", frame) == pytest.approx(value, abs=1e-3))
            begin = time.monotonic()  # whoever goes on at once loses it, as in Blender without Live
            while self.addon("live.noticing").notices().posed is not None and time.monotonic() - begin < _PATIENCE:
                self.tick(1)

    def drags_a_column(self) -> None:
        frame, way = self.key(gap=2), self.chance.choice((-1, 1))
        if frame:
            for curve in self.addon("take.lines").curves_by_name(action_of(self.head)).values():
                there = [p for p in curve.keyframe_points if round(p.co[0]) == frame + way]
                for point in there:
                    curve.keyframe_points.remove(point)
                for point in curve.keyframe_points:
                    if round(point.co[0]) == frame:
                        point.co[0] = frame + way
                curve.update()
            self.hope(frame, lambda: frame + way in self.frames() and frame not in self.frames())

    def deletes_a_column(self) -> None:
        frame = self.key()
        if frame and len(self.line.key_motions) > 12:
            for curve in self.addon("take.lines").curves_by_name(action_of(self.head)).values():
                for point in [p for p in curve.keyframe_points if round(p.co[0]) == frame]:
                    curve.keyframe_points.remove(point)
            action_of(self.head).update_tag()
            self.hope(frame, lambda: frame not in self.frames())

    def drags_a_marker(self) -> None:
        import bpy

        frame, way = self.key(gap=2), self.chance.choice((-1, 1))
        markers = self.chance.choice((action_of(self.head).pose_markers, bpy.context.scene.timeline_markers))
        if frame:
            next(m for m in markers if m.frame == frame).frame = frame + way
            self.hope(frame, lambda: frame + way in self.frames() and frame not in self.frames())

    def names_a_sound(self) -> None:
        import bpy

        frame = self.key()
        if frame:
            time_of = next(item.time for item in self.line.key_motions if item.frame == frame)
            bpy.context.scene.frame_set(frame)
            bpy.ops.kmtalk.say_as(phone=self.chance.choice(("oo", "ee", "m", "f")))
            phones = self.addon("take.store").take_of
            self.hope(frame, lambda: any(p.edited and p.start <= time_of + 0.02 for p in phones(self.line).phones))

    def locks(self) -> None:
        frame = self.key()
        item = next((item for item in self.line.key_motions if item.frame == frame), None)
        if item is not None:
            item.state = "locked"
            action_of(self.head).update_tag()
            self.hope(frame, lambda: self.state(frame) == "locked")

    def moves_an_event(self) -> None:
        events = self.line.events
        if len(events):
            event = self.chance.choice(list(events))
            uid, size = event.uid, self.chance.uniform(0.2, 1.0)
            event.size = size
            self.hope(
                0, lambda: next(e.size for e in self.line.events if e.uid == uid) == pytest.approx(size, abs=1e-3)
            )

    def sets_a_setting(self) -> None:
        import bpy

        name, low, high = self.chance.choice((("strength_upper", 0.6, 1.2), ("liveliness", 0.3, 1.5)))
        value = self.chance.uniform(low, high)
        setattr(bpy.context.scene.kmtalk, name, value)
        made = self.addon("take.store").take_of
        now = lambda: getattr(bpy.context.scene.kmtalk, name)  # noqa: E731 - it may have been set again
        self.hope(0, lambda: made(self.line).settings[name] == pytest.approx(now(), abs=1e-4))

    def undoes_and_redoes(self) -> None:
        import bpy

        self.settled()
        before = self.frames()
        bpy.ops.ed.undo_push(message="before")
        self.sets_a_value()
        bpy.ops.ed.undo_push(message="edit")
        self.tick(self.chance.randrange(12))
        bpy.ops.ed.undo()
        self.tick(self.chance.randrange(12))
        if self.chance.random() < 0.5:
            bpy.ops.ed.redo()
            self.settled()
        else:
            self.hopes.clear()
            self.rest()
            assert self.frames() == before

    def does_another_job(self) -> None:
        desk = self.addon("jobs.runner").desk()
        running = desk.start("Working", iter(()))
        self.sets_a_value()
        self.tick(self.chance.randrange(30))
        desk.running.remove(running)

    def renders(self) -> None:
        import bpy

        scene = bpy.context.scene
        scene.render.engine, scene.cycles.samples = "CYCLES", 1
        scene.render.resolution_x = scene.render.resolution_y = 8
        self.sets_a_value()
        self.tick(self.chance.randrange(8))
        bpy.ops.render.render()

    def scrubs(self) -> None:
        import bpy

        self.sets_a_value()
        for _ in range(self.chance.randrange(12)):
            bpy.context.scene.frame_set(self.chance.randrange(1, 70))
            self.tick(2)

    def opens_another_file(self) -> None:
        import bpy

        self.settled()
        bpy.ops.wm.save_as_mainfile(filepath=str(self.folder / "storm.blend"))
        self.sets_a_value()  # and is lost with the file that goes, as all is that was not saved
        self.tick(self.chance.randrange(12))
        bpy.ops.wm.open_mainfile(filepath=str(self.folder / "storm.blend"))
        self.hopes.clear()
        self.taken = set()

    def some(self) -> float:
        return round(self.chance.uniform(0.05, 0.95), 3)

    def frames(self) -> list[int]:
        return [item.frame for item in self.line.key_motions]

    def state(self, frame: int) -> str:
        return next((str(item.state) for item in self.line.key_motions if item.frame == frame), "gone")

    def hope(self, frame: int, is_so: Callable[[], bool]) -> None:
        import bpy

        self.taken.add(frame)
        number = len(self.done)
        bpy.context.view_layer.update()  # as a window does after whatever is done in it

        def check() -> None:
            assert is_so(), (self.done[number:], self.addon("desk").desk().notice)

        self.hopes.append(check)

    def settled(self) -> None:
        """Rest, and look that all came as it was hoped for."""
        self.rest()
        for check in self.hopes:
            check()
        self.hopes, self.taken = [], set()
        pending, writing = self.addon("take.pending"), self.addon("take.writing")
        number = action_of(self.head).session_uid
        waiting = self.addon("live.answering").at_once(pending.count(number, pending.Memory(), writing.Pace()))
        assert not waiting, (self.done[-6:], waiting)


def test_no_edit_of_a_storm_is_lost(addon: Any, scene: Any, head: Any, speech: Path, tmp_path: Path) -> None:
    import bpy

    head.name = "Head"
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.render.fps, scene.frame_start = 30, 11
    bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
    storm = Storm(addon, tmp_path)
    storm.live.rest()
    storm.live.fault = ""
    scene.kmtalk.live = True
    storm.settled()
    often = (storm.sets_a_value, storm.moves_a_slider, storm.drags_a_column, storm.drags_a_marker)
    seldom = (storm.deletes_a_column, storm.names_a_sound, storm.locks, storm.moves_an_event, storm.sets_a_setting)
    deeds = (*often, *seldom, *often, storm.undoes_and_redoes, storm.does_another_job, storm.scrubs)
    for number in range(EDITS):
        if len(storm.line.key_motions) < 14:  # it was edited away
            bpy.ops.kmtalk.animate(file=str(speech), text=SENTENCE)
        deed = storm.chance.choice(deeds)
        if number % 20 == 19:
            deed = storm.opens_another_file if number % 40 == 39 else storm.renders
        storm.done.append(deed.__name__)
        deed()
        if storm.chance.random() < 0.5:
            storm.settled()
        else:
            storm.tick(storm.chance.randrange(20))
    storm.settled()
    assert bpy.context.scene.kmtalk.live and not storm.live.fault
    bpy.context.scene.kmtalk.live = False
