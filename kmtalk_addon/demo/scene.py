"""The demo, start to end: head, studio, bake, sound, film, sheet, .blend file."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector

from kmtalk_core.errors import AudioError, FaceError, TakeError
from kmtalk_core.faces.demo import Head, load_head
from kmtalk_core.take import Take, load_take

from .. import compat
from ..audio import strips
from ..audio.sound import add_sound, carry_along
from ..face import bones, find_face
from ..take import store
from ..take.bake import BakeOptions, bake, scene_fps
from . import film, sheet, studio
from .head import add_head, add_rig

START = 1
"""Scene frame of the sound's first instant."""

_CYCLES_SCALE, _CYCLES_SAMPLES = 0.5, 6


@dataclass(frozen=True)
class DemoOptions:
    """seconds: the longest film; size: of the film in pixels, both even; keys: most cells on the sheet."""

    seconds: float = 60.0
    size: tuple[int, int] = (480, 540)
    keys: int = 48
    renderer: str = "auto"


@dataclass(frozen=True)
class _Studio:
    scene: Any
    face: tuple[Any, ...]
    close_up: Any


def make(
    take_path: Path, audio: Path, out: Path, options: DemoOptions, report: Callable[[str, float], None]
) -> list[str]:
    """Write demo.blend, demo.mp4 and keys.png into `out`; returns what the user should know about them.

    Needs the add-on registered.  Raises TakeError, AudioError or FaceError.
    """
    take = load_take(take_path)
    if take.space.vertices:
        raise FaceError(f"The demo head speaks ARKit coefficients, and this take moves {take.space.name}.")
    if not take.keys:
        raise TakeError(f"{take_path} has no key motions; animate the sound again.")
    if not audio.is_file():
        raise AudioError(f"{audio} is no file; check the path.")
    out.mkdir(parents=True, exist_ok=True)
    report("building the head", 0.0)
    set_up = _build(take)
    scene = set_up.scene
    face = find_face(set_up.face)
    strip = strips.new_mark() if compat.HAS_AUDIO else ""
    story = store.Story(audio.stem, str(audio.absolute()), start=START, fps=scene_fps(scene), strip=strip)
    written = bake(take, face, scene, BakeOptions(audio.stem, START), story)
    notes = list(written.notes)
    notes += _add_sound(scene, audio, out, strip)
    frames = {key.frame: frame for key, frame in zip(take.keys, written.key_frames, strict=True)}

    size = _choose_renderer(scene, options, notes)
    last = min(written.last, START + max(round(options.seconds * take.fps), 1) - 1)
    if last < written.last:
        notes.append(f"demo.mp4 shows the first {options.seconds:g} of {take.duration:.0f} s; demo.blend holds it all.")
    keys = sheet.choose(take, options.keys)
    pictures = _photograph(set_up, [frames[key.frame] for key in keys], report)
    what = f"{len(keys)} of {len(take.keys)} key motions" if len(keys) < len(take.keys) else "every key motion"
    sheet.write(sheet.compose(keys, pictures, f"{audio.name}, {take.duration:.1f} s  ·  {what}"), out / "keys.png")
    if len(keys) < len(take.keys):
        notes.append(f"keys.png shows {what}.")
    film.shoot(scene, out / "demo.mp4", START, last, size, lambda fraction: report("rendering the film", fraction))
    report("saving", 1.0)
    _save(scene, set_up.face[0], out / "demo.blend")
    return notes


def played(take: Take) -> _Studio:
    """The studio with the head playing `take`, without its sound."""
    set_up = _build(take)
    bake(take, find_face(set_up.face), set_up.scene, BakeOptions("demo", START))
    return set_up


def _build(take: Take) -> _Studio:
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    for collection in list(bpy.data.collections):
        bpy.data.collections.remove(collection)
    bpy.data.orphans_purge(do_recursive=True)  # type: ignore[call-arg]
    scene = bpy.context.scene
    scene.name = "KMTalk Demo"
    scene.render.fps = max(round(take.fps), 1)
    scene.render.fps_base = scene.render.fps / take.fps
    scene.frame_end = scene.frame_start = START
    scene.sync_mode = "AUDIO_SYNC"
    head = load_head()
    collection = _collection(scene, "Head")
    objects = add_head(head, collection)
    bones.use_rig(objects[0].kmtalk_face, add_rig(objects, collection))
    surroundings = _collection(scene, "Studio")
    portrait, close_up = _targets(head)
    scene.camera = studio.add_camera(surroundings, "Portrait", portrait, 0.325)
    near = studio.add_camera(surroundings, "Close-up", close_up, 0.17)
    studio.add_lights(surroundings, portrait)
    studio.add_backdrop(scene, surroundings, portrait)
    return _Studio(scene, tuple(objects), near)


def _collection(scene: Any, name: str) -> Any:
    collection = bpy.data.collections.new(name)
    scene.collection.children.link(collection)
    return collection


def _targets(head: Head) -> tuple[Vector, Vector]:
    """Where the portrait and the close-up look: the middle of the head, and the face from its brows to its chin."""
    chin, crown, lip, nasion = (Vector(head.landmarks[name]) for name in ("chin", "crown", "upper_lip", "nasion"))  # type: ignore[arg-type]
    portrait = Vector((0.0, -0.02, (chin.z + crown.z) * 0.5))
    return portrait, Vector((0.0, lip.y + 0.03, (chin.z + nasion.z) * 0.5 + 0.008))


def _add_sound(scene: Any, audio: Path, out: Path, mark: str) -> Iterator[str]:
    if not compat.HAS_AUDIO:
        yield "this build of Blender has no audio: demo.blend has no sound strip and demo.mp4 is silent."
        return
    strip = add_sound(scene, audio, START, audio.stem)
    strips.mark(scene, strip, mark)
    carry_along(strip, out)


def _choose_renderer(scene: Any, options: DemoOptions, notes: list[str]) -> tuple[int, int]:
    """Set the renderer up; returns the size to film in."""
    if options.renderer == "workbench" or (options.renderer == "auto" and studio.can_draw()):
        studio.set_workbench(scene)
        return options.size
    studio.set_cycles(scene, _CYCLES_SAMPLES)
    width, height = (max(round(side * _CYCLES_SCALE / 2) * 2, 2) for side in options.size)
    if options.renderer == "auto":
        notes.append(
            f"no OpenGL here, so Cycles rendered the film, at {width}×{height}; the packages libegl1 and "
            "libgl1-mesa-dri (Debian, Ubuntu) make it larger and several times faster."
        )
    return width, height


def _photograph(set_up: _Studio, frames: Sequence[int], report: Callable[[str, float], None]) -> list[sheet.Picture]:
    pictures = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        cell = Path(folder) / "cell.png"
        for index, frame in enumerate(frames, start=1):
            film.still(set_up.scene, cell, frame, set_up.close_up, sheet.CELL)
            pictures.append(sheet.read(cell)[..., :3])
            report("drawing the key motions", index / len(frames))
    return pictures


def _save(scene: Any, head: Any, path: Path) -> None:
    """Leave the scene as an animator wants to find it, and write the file; it may be moved with its folder."""
    scene.render.engine = compat.EEVEE
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.frame_set(START)
    bpy.context.view_layer.objects.active = head
    head.select_set(True)
    head.active_shape_key_index = head.data.shape_keys.key_blocks.find("jawOpen")
    _arrange()
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True, relative_remap=True)


def _arrange() -> None:
    """The camera's view in every viewport, and below the one that opens a sequencer with the sound and the markers."""
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                _show_camera(area.spaces.active)
    window = bpy.context.window_manager.windows[0]
    view = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    with bpy.context.temp_override(window=window, screen=window.screen, area=view, region=view.regions[-1]):
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.3)
    window.screen.areas[-1].type = "SEQUENCE_EDITOR"


def _show_camera(view: Any) -> None:
    view.region_3d.view_perspective = "CAMERA"
    view.region_3d.view_camera_zoom = 17.0
    view.shading.type, view.shading.color_type = "SOLID", "TEXTURE"
    view.overlay.show_overlays = False
