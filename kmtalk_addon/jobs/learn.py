"""Learn from a recording of an actor: in the background, by the engine that animates."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import options
from ..audio import decode
from ..core import audio, errors, learning, progress
from ..face import actor
from . import lay
from .runner import desk, in_thread


def learn(context: Any, recording: Path, objects: Sequence[Any]) -> progress.Job[str]:
    """The job that lets the character of `objects` speak as the actor of `recording`, a folder or a file of one take.

    Raises KMTalkError.
    """
    space = options.space_of(context)
    if not space.has_names:
        raise errors.FaceError(f"These weights move {space.name}: an actor is learnt for the starter weights.")
    owner = options.face_of(objects, space).owner
    engine, arguments = options.engine_of(context)
    return _learn(owner.session_uid, owner.name, recording, engine, arguments)


def _learn(owner: int, name: str, recording: Path, engine: Any, arguments: tuple[str, ...]) -> progress.Job[str]:
    with tempfile.TemporaryDirectory(prefix="kmtalk_", ignore_cleanup_errors=True) as folder:
        takes = yield from in_thread(lambda: learning.recorded(recording), "looking for takes")
        sounds: dict[str, str] = {}
        for number, take in enumerate(takes):
            if take.sound is not None and decode.AVAILABLE and not decode.is_plain(take.sound):
                sound = yield from decode.sound_job(take.sound)
                path = Path(folder) / f"{number}.wav"
                yield from audio.write_wav_job(sound, path)
                sounds[take.name] = str(path)
        answer = yield from desk().workers.ask(
            engine,
            arguments,
            "learn",
            recording=str(recording),
            name=recording.resolve().stem[:100] or name,
            sounds=sounds or None,
        )
    if not answer["better"]:
        raise errors.FaceError(f"{answer['sentence']}. “{name}” speaks as before.")
    actor.learn(lay.find_objects([owner])[0], answer["calibration"])
    notes = "".join(f". {note}" for note in answer.get("notes", ()))
    return f"“{name}”: {answer['sentence']}; animate its lines again to see it{notes}"
