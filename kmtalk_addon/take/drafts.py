"""Write actions a little at a time without anyone seeing them half done: into a copy, which then takes their place."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import bpy

from .. import compat
from ..core import errors, progress

Result = TypeVar("Result")
Unit = TypeVar("Unit")

TAG = "kmtalk"
"""Custom property of our actions: the name of the take.  A draft has none."""
SLICE_SECONDS = 0.004
"""How long the window may be kept waiting at once."""
_ATTEMPTS = 3


class DraftGoneError(Exception):
    """An undo, or another file, took the draft away between two slices."""


@dataclass(frozen=True)
class Draft:
    """An action that is being written: `number` is its own, `replaces` that of the action it stands for, or None.

    Both are `session_uid`s; pointers do not survive an undo.
    """

    tag: str
    number: int
    replaces: int | None

    def find(self) -> Any:
        """The action as it is now.  Raises DraftGoneError."""
        return _find(self.number)


def begin(tag: str, action: Any = None) -> Draft:
    """A draft of our action with the name `tag`: a copy of `action`, or a new one."""
    if action is None:
        draft = bpy.data.actions.new("KMTalk")
    else:
        draft = action.copy()
        del draft[TAG]
    return Draft(tag, draft.session_uid, action.session_uid if action else None)


def finish(draft: Draft) -> Any:
    """Let a draft take the place of what it replaces, with every user of it, and return its action.

    Raises DraftGoneError.
    """
    action, old = draft.find(), _find(draft.replaces) if draft.replaces is not None else None
    action[TAG] = draft.tag
    if old is None:
        action.name = f"KMTalk: {draft.tag}"
        return action
    name, is_kept = old.name, old.use_fake_user
    for user in _users(old):
        compat.assign(user, action, compat.same_slot(action, compat.assigned_slot(user)))
    old.user_remap(action)
    bpy.data.actions.remove(old)
    action.name, action.use_fake_user = name, is_kept
    return action


def discard(drafts: Iterable[Draft]) -> None:
    """Remove those drafts that were not finished."""
    numbers = {draft.number for draft in drafts}
    for action in [action for action in bpy.data.actions if action.session_uid in numbers and TAG not in action]:
        bpy.data.actions.remove(action)


def insist(attempt: Callable[[list[Draft], "Pace"], progress.Job[Result]]) -> progress.Job[Result]:
    """Run `attempt`, which puts its drafts on the list it is given, and again where an undo took them away.

    Raises TakeError where that goes on and on.
    """
    for _ in range(_ATTEMPTS):
        drafts: list[Draft] = []
        try:
            return (yield from attempt(drafts, Pace()))
        except DraftGoneError:
            continue
        finally:
            discard(drafts)
    raise errors.TakeError("What was being written was undone again and again: run it once more.")


class Pace:
    """Keeps the window alive: a step of the job whenever a slice of time was used up."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    def each(self, units: Sequence[Unit], do: Callable[[Unit], None], stage: str) -> progress.Job[None]:
        """Call `do` with every unit; it has to find what it needs of Blender's data anew each time."""
        for done, unit in enumerate(units):
            if time.perf_counter() - self._started >= SLICE_SECONDS:
                yield from self.rest(stage, done / len(units))
            do(unit)

    def rest(self, stage: str, fraction: float = 1.0) -> progress.Job[None]:
        """Let the window draw now."""
        yield progress.Progress(stage, fraction)
        self._started = time.perf_counter()


def _find(number: int) -> Any:
    found = next((action for action in bpy.data.actions if action.session_uid == number), None)
    if found is None:
        raise DraftGoneError
    return found


def _users(action: Any) -> list[Any]:
    """Animation data and NLA strips of shape keys and armatures that play `action`."""
    owners = [*bpy.data.shape_keys, *bpy.data.objects]
    animations = [owner.animation_data for owner in owners if owner.animation_data is not None]
    strips = [strip for animation in animations for track in animation.nla_tracks for strip in track.strips]
    return [user for user in (*animations, *strips) if user.action == action]
