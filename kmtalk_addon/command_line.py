"""`blender --command kmtalk …`: the same jobs without a window."""

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import bpy

from . import compat, options, pairing
from . import settings as shown
from .core import errors, files, settings
from .farm import report
from .jobs.runner import desk
from .operators.base import plain
from .take import bake

_LARGEST_MAP = 16 << 20  # bytes

_registered: list[Any] = []  # Blender hands out a handle that has to be given back


def register() -> None:
    _registered.append(bpy.utils.register_cli_command("kmtalk", main))  # type: ignore[func-returns-value]


def unregister() -> None:
    while _registered:
        bpy.utils.unregister_cli_command(_registered.pop())


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 when all was done, 1 when a part failed, 2 for a mistake, which one line on stderr names."""
    try:
        asked = _parser().parse_args(list(arguments))
    except SystemExit as stop:
        return int(stop.code or 0)
    shot = asked.shot = report.Shot()
    status = _run(asked, shot)
    if asked.report:
        try:
            shot.write(files.typed_path(asked.report).absolute(), status)
        except errors.KMTalkError as error:
            _tell(str(error))
            return status or 2
    return status


def _run(asked: argparse.Namespace, shot: report.Shot) -> int:
    try:
        if asked.blend:
            _open(asked.blend)
        with _interrupt_does(signal.default_int_handler):
            status = int(asked.run(asked))
        if asked.save_as or not asked.no_save:
            shot.saved = _save(asked.save_as)
        return _render(shot) if asked.render and status == 0 else status
    except errors.KMTalkError as error:
        shot.errors.append(_tell(str(error)))
        return 2
    except _Fault as error:
        shot.errors.append(_tell(str(error)))
        return 1
    except KeyboardInterrupt:
        shot.errors.append(_tell("stopped; nothing was saved."))
        return 130


@contextlib.contextmanager
def _interrupt_does(handler: Any) -> Iterator[None]:
    """Let Ctrl-C do what `handler` says; Blender's own answer to it reaches no Python."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)  # Blender's own cannot be set again, and is not missed


class _Fault(Exception):
    """A fault of ours, of which Blender has written where it is."""

    def __str__(self) -> str:
        return "something failed that should not have: the lines above say where."


def _do(operator: Any, **given: Any) -> str:
    """Run an operator of ours to its end; returns what it reported.

    Raises what ended it, which Blender passes on as text alone: KMTalkError, KeyboardInterrupt, or _Fault.
    """
    desk().failure = None
    try:
        operator("EXEC_DEFAULT", **given)
    except RuntimeError as error:
        failure = desk().failure
        if failure is None:  # it could not be run at all
            raise errors.KMTalkError(plain(error)) from error
        if isinstance(failure, (errors.KMTalkError, KeyboardInterrupt)):
            raise failure from error
        raise _Fault from error
    return desk().notice


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"kmtalk: {message}; --help tells more.\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="blender --command kmtalk", description="Animate faces from audio.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("animate", help="one sound, one face")
    source = command.add_mutually_exclusive_group()
    source.add_argument("--strip", default="", help="sound strip by name (default: the only one)")
    source.add_argument("--audio", default="", help="sound file instead of a strip")
    _add_face(command)
    command.add_argument("--text", default="", help="what is said")
    _add_common(command)
    command.set_defaults(run=_animate)
    command = commands.add_parser("scene", help="every sound strip, each on its character")
    command.add_argument(
        "--map", type=Path, help='JSON object: strip name to mesh objects, as {"line 1": "Anna;Teeth"}'
    )
    command.add_argument(
        "--by", choices=("name", "channel"), default="name",
        help="pair by object names that strip names begin with, or channels with faces in order of their names",
    )  # fmt: skip
    command.add_argument("--listen", action="store_true", help="then let every face listen between its lines")
    _add_common(command)
    command.set_defaults(run=_scene)
    command = commands.add_parser("learn", help="let a character speak as the actor of a recording does")
    command.add_argument("recording", nargs="?", default="", help="a take of Live Link Face or the like, or a folder")
    _add_face(command)
    command.add_argument("--forget", action="store_true", help="forget what it learnt instead")
    _add_file(command)
    command.set_defaults(run=_learn, render=False)
    return parser


def _add_face(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--face", action="append", default=[], metavar="NAME",
        help="mesh object by name, with the teeth and tongue that are its own; several: repeat it, or put ; between "
        "(default: the scene's face)",
    )  # fmt: skip


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"how the face moves, as often as wanted: {', '.join(settings.SETTINGS)}",
    )
    command.add_argument(
        "--regions", metavar="LIST", help="what moves, out of mouth,upper,eyes,head,chest; the rest stays"
    )
    command.add_argument("--reduced", type=float, metavar="ERROR", help="Bezier keys within this error")
    _add_file(command)
    command.add_argument("--render", action="store_true", help="render the animation afterwards")


def _add_file(command: argparse.ArgumentParser) -> None:
    command.add_argument("--blend", help="file to open first, where Blender has not opened one")
    command.add_argument("--save-as", help="where to save (default: where it was opened)")
    command.add_argument("--no-save", action="store_true", help="leave the file as it is")
    command.add_argument("--report", metavar="FILE", help="write what was made of each strip as JSON, for a farm")


def _learn(asked: argparse.Namespace) -> int:
    """Let a character speak as an actor does, or as usual again."""
    if bool(asked.recording) == asked.forget:
        raise errors.KMTalkError("Name the recording to learn from, or --forget: one of them.")
    faces = _faces(asked.face)
    objects = options.meshes_named(faces, bpy.context.scene) or options.meshes_of(bpy.context)
    if not objects:
        raise errors.FaceError("The scene has no face chosen: name one with --face.")
    if asked.forget:
        owner = options.face_of(objects).owner
        _do(bpy.ops.kmtalk.forget_recording, faces=faces)
        said = f"“{owner.name}” speaks as usual."
    else:
        path = str(files.typed_path(asked.recording).absolute())
        said = _do(bpy.ops.kmtalk.learn_recording, filepath=path, faces=faces)
    asked.shot.add("", faces, "done", _tell(said))
    return 0


def _animate(asked: argparse.Namespace) -> int:
    file = str(files.typed_path(asked.audio)) if asked.audio else ""
    faces = _faces(asked.face)
    said = _do(bpy.ops.kmtalk.animate, strip=asked.strip, file=file, faces=faces, text=asked.text, **_bake(asked))
    asked.shot.add(asked.strip or file, faces, "done", _tell(said))
    return 0


def _faces(names: Sequence[str]) -> str:
    """What `--face` names, given once or several times; an object of the whole name wins over names with ; between."""
    if len(names) == 1 and bpy.data.objects.get(names[0]) is None:
        return names[0]
    return options.joined(names)


def _scene(asked: argparse.Namespace) -> int:
    """Animate every sound strip; one that fails does not stop the rest."""
    pairs = _pairs(asked)
    if not pairs:
        raise errors.FaceError("No strip fits a character: name strips after their faces, or give --map.")
    failures = 0
    for number, (strip, faces) in enumerate(pairs, 1):
        _tell(f"{strip} on {faces} ({number} of {len(pairs)})")
        try:
            said = _do(bpy.ops.kmtalk.animate, strip=strip, faces=faces, **_bake(asked))
            asked.shot.add(strip, faces, "done", _tell(said))
        except (errors.KMTalkError, _Fault) as error:
            failures += 1
            _tell(f"{strip}: {error}")
            asked.shot.add(strip, faces, "failed", error=str(error))
    _tell(f"{len(pairs) - failures} of {len(pairs)} strips done")
    for faces in dict.fromkeys(faces for _, faces in pairs) if asked.listen else ():
        try:
            _tell(f"{faces}: {_do(bpy.ops.kmtalk.listen, faces=faces, **_bake(asked))}")
        except (errors.KMTalkError, _Fault) as error:
            failures += 1
            asked.shot.errors.append(_tell(f"{faces}: {error}"))
    return 1 if failures else 0


def _pairs(asked: argparse.Namespace) -> list[tuple[str, str]]:
    """Strips and the faces they go to, by name."""
    scene = bpy.context.scene
    home = scene.kmtalk.strip_scene or scene
    if asked.map:
        wanted = _read_map(asked.map)
        known = {strip.name for strip in compat.strips(home) if strip.type == "SOUND"}
        missing = sorted(set(wanted) - known)
        if missing:
            raise errors.AudioError(f"The scene has no sound strip “{missing[0]}”, which {asked.map.name} names.")
        return [(strip, faces) for strip, faces in wanted.items()]
    found = []
    for pair in pairing.pairs(scene, home, asked.by.upper()):
        if pair.objects:
            found.append((pair.strip.name, options.joined(item.name for item in pair.objects)))
        else:
            why = "muted" if pair.is_muted else f"no face of that {asked.by}"
            _tell(f"{pair.strip.name}: {why}; left alone")
            asked.shot.add(pair.strip.name, "", "left alone", why)
    return found


def _read_map(path: Path) -> dict[str, str]:
    try:
        content = json.loads(files.read_at_most(path, _LARGEST_MAP).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise errors.FaceError(f"{path} cannot be read as JSON: write strip names and mesh objects.") from error
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise errors.FaceError(f"{path} must be one JSON object of strip names and mesh objects.")
    return content


def _bake(asked: argparse.Namespace) -> dict[str, Any]:
    """What the animate operator is asked for.  Raises KMTalkError for settings that make no sense."""
    pairs = [*asked.set, *([f"regions={asked.regions}"] if asked.regions else [])]
    given = settings.Settings.parse(pairs)
    read = settings.Settings.of(given).to_json()
    fps = bake.scene_fps(bpy.context.scene)
    wanted = {shown.SHOWN_AS[name]: shown.shown_value(name, read[name], fps) for name in given}
    return wanted | ({"bake_mode": "REDUCED", "error": asked.reduced} if asked.reduced else {})


def _open(path: str) -> None:
    try:
        bpy.ops.wm.open_mainfile(filepath=path)
    except RuntimeError as error:
        raise errors.FaceError(f"{path} cannot be opened as a .blend file: check the path.") from error


def _save(path: str | None) -> str | None:
    """Save the file; return where.  Blender writes beside and swaps, so nobody meets half a file."""
    if path:
        whole = files.typed_path(path).absolute()
        try:
            whole.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise errors.KMTalkError(
                f"{whole.parent} cannot be made ({error.strerror}): choose another --save-as."
            ) from error
        _write(lambda: bpy.ops.wm.save_as_mainfile(filepath=str(whole)))
        return str(whole)
    if bpy.data.filepath:
        _write(bpy.ops.wm.save_mainfile)
    return bpy.data.filepath or None


def _write(save: Callable[[], Any]) -> None:
    try:
        save()
    except RuntimeError as error:  # what Blender says names the file and what is wrong with its place
        raise errors.KMTalkError(f"Nothing was saved: {plain(error).rstrip('.')}; choose another --save-as.") from error


def _render(shot: report.Shot) -> int:
    """Render the scene's frames to its output path; 1 where that fails."""
    scene = bpy.context.scene
    settings = scene.render
    if not settings.filepath and bpy.data.filepath:
        settings.filepath = f"//{Path(bpy.data.filepath).stem}/"
    if not settings.filepath or (settings.filepath.startswith("//") and not bpy.data.filepath):
        raise errors.KMTalkError("Say where to render to: save the file (--save-as), or give the scene an output path.")
    frames = range(scene.frame_start, scene.frame_end + 1, scene.frame_step)

    def written(*_: Any) -> None:
        _tell(f"rendered frame {bpy.context.scene.frame_current} of {frames[0]} to {frames[-1]}")

    bpy.app.handlers.render_write.append(written)
    try:
        is_done = bpy.ops.render.render(animation=True) == {"FINISHED"}
        if is_done:
            shot.rendered = settings.frame_path(frame=frames[0])
            _tell(f"rendered to {shot.rendered}")
        else:
            shot.errors.append(_tell("the rendering was stopped."))
    except RuntimeError as error:
        is_done = False
        shot.errors.append(_tell(f"rendering failed: {plain(error)}"))
    finally:
        bpy.app.handlers.render_write.remove(written)
    return 0 if is_done else 1


def _tell(sentence: str) -> str:
    print(f"kmtalk: {sentence}", file=sys.stderr, flush=True)
    return sentence
