"""Where our action plays: as the active one, or in the NLA beside an artist's own, which is never written to."""

from collections.abc import Iterable
from typing import Any, Literal

from .. import compat
from ..face import Target
from ..face.targets import OURS

Foreign = Literal["below", "above"]

_PUSHED = " (below KMTalk)"
"""What the name of a track ends in that we pushed an artist's action down to."""
_NEAR = 1e-3


def put(target: Target, action: Any, slot: Any, foreign: Foreign) -> None:
    """Let `action` play for a target.

    Where an artist's action is active, ours goes below it, onto an NLA track; or "above": theirs is pushed down to a
    track, untouched, and ours is the active one.  Chosen anew at each run: what was pushed down comes back for "below".
    Strips of ours that somebody arranged stay as they are.
    """
    owner = target.owner
    animation = owner.animation_data or owner.animation_data_create()
    if animation.use_tweak_mode or is_arranged(animation, action):
        return  # ours is open for editing, where it was put before
    if animation.action is not None and OURS not in animation.action:
        if foreign == "below":
            _to_track(animation, action, slot)
            return
        _remove_strips(animation, action)
        _push_down(animation)
    elif foreign == "below" and _pull_up(animation):
        _to_track(animation, action, slot)
        return
    else:
        _remove_strips(animation, action)
    compat.assign(animation, action, slot)


def remove(owner: Any, action: Any) -> None:
    """Take `action` off a datablock, which goes back to what it played before us."""
    animation = owner.animation_data
    if animation is None:
        return
    if animation.use_tweak_mode and animation.action == action:
        animation.use_tweak_mode = False
    _remove_strips(animation, action)
    if animation.action == action:
        animation.action = None
        _pull_up(animation)


def remove_strips(owner: Any, action: Any) -> None:
    """Take an action off the NLA of a datablock."""
    if owner.animation_data is not None:
        _remove_strips(owner.animation_data, action)


def fit(owner: Any, action: Any) -> None:
    """Let the NLA strip of our action reach over all of its keys."""
    animation = owner.animation_data
    if animation is None or is_arranged(animation, action):
        return
    for strip in _strips_of(animation, action):
        _reach_over(strip, action)


def _reach_over(strip: Any, action: Any) -> None:
    first, last = action.frame_range
    last = max(last, first + 1)
    strip.action_frame_end = max(strip.action_frame_end, last)  # Blender clamps start against end
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_end = max(strip.frame_end, last)
    strip.frame_start, strip.frame_end = first, last


def is_arranged(animation: Any, action: Any) -> bool:
    """Whether somebody moved, scaled, cut, repeated or blended the strip in which our action plays, or made another."""
    strips = _strips_of(animation, action)
    begins = [line.first - line.lead for line in action.kmtalk_lines.lines]
    ends = [line.last + line.tail for line in action.kmtalk_lines.lines]
    return len(strips) > 1 or any(
        abs(strip.scale - 1) > _NEAR
        or abs(strip.repeat - 1) > _NEAR
        or strip.use_reverse
        or strip.use_animated_time
        or strip.use_animated_influence
        or strip.blend_type != "REPLACE"
        or abs(strip.frame_start - strip.action_frame_start) > _NEAR
        or strip.action_frame_start > min(begins, default=strip.action_frame_start) + 1
        or strip.action_frame_end < max(ends, default=strip.action_frame_end) - 1
        for strip in strips
    )


def is_beside(owner: Any, action: Any) -> bool:
    """Whether our action plays on an NLA track, below an artist's own."""
    animation = owner.animation_data
    return animation is not None and any(_strips_of(animation, action))


def open_for_editing(owner: Any, action: Any) -> bool:
    """Open our action in the NLA's tweak mode, where its keys can be edited; whether it is open now."""
    animation = owner.animation_data
    if animation is None or animation.use_tweak_mode:
        return animation is not None and animation.action == action
    found = None
    for track in animation.nla_tracks:
        for strip in track.strips:
            strip.select = strip.action == action
            if strip.action == action:
                found = track
    if found is None:
        return False
    animation.nla_tracks.active = found
    animation.use_tweak_mode = True
    return bool(animation.use_tweak_mode and animation.action == action)


def open_everywhere(action: Any, owners: Iterable[Any]) -> None:
    """Open an action for editing wherever it plays beside an artist's own."""
    for owner in owners:
        if is_beside(owner, action):
            open_for_editing(owner, action)


def close_editing(owner: Any) -> None:
    """Leave the tweak mode of our action."""
    animation = owner.animation_data
    if animation is not None and animation.use_tweak_mode and animation.action and OURS in animation.action:
        animation.use_tweak_mode = False


def conflicts(target: Target, action: Any) -> Iterable[str]:
    """What keeps some of the written curves from moving, a sentence each."""
    animation = target.owner.animation_data
    ours = {(curve.path, curve.index) for curve in target.curves.values()}
    if is_arranged(animation, action):
        yield (
            f"“{target.name}” plays “{action.name}” in NLA strips that were arranged by hand and stay as they are: a "
            "line shows where they let it, or everywhere once they are deleted and you animate again."
        )
    if animation.action is None or animation.action == action:
        return
    theirs = compat.read_curves(animation.action, compat.assigned_slot(animation))
    held = {(curve.data_path, curve.array_index) for curve in theirs} & ours
    if held:
        kind, verb, them = (target.kind[:-1], "keeps", "it") if len(held) == 1 else (target.kind, "keep", "them")
        yield (
            f"{len(held)} {kind} of “{target.name}” {verb} the animation of “{animation.action.name}”: "
            f"bake above it to let the take move {them}."
        )
    yield (
        f"“{target.name}” keeps its own action “{animation.action.name}”; ours plays below it: click a key in the list "
        "to open ours, and Done to leave it."
    )


def _strips_of(animation: Any, action: Any) -> list[Any]:
    return [strip for track in animation.nla_tracks for strip in track.strips if strip.action == action]


def _remove_strips(animation: Any, action: Any) -> None:
    for track in list(animation.nla_tracks):
        for strip in [strip for strip in track.strips if strip.action == action]:
            track.strips.remove(strip)
            if not len(track.strips):
                animation.nla_tracks.remove(track)
                break


def _to_track(animation: Any, action: Any, slot: Any) -> None:
    if not _strips_of(animation, action):
        _reach_over(_add_strip(animation, action, slot), action)


def _add_strip(animation: Any, action: Any, slot: Any) -> Any:
    """A track for our action.  Its ends are at rest, so it holds the face there before and after."""
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    compat.assign(strip, action, slot)
    strip.extrapolation = "HOLD"
    return strip


def _push_down(animation: Any) -> None:
    """Move the artist's action to an NLA track with everything it was set to, as Blender's own Push Down does."""
    action, slot = animation.action, compat.assigned_slot(animation)
    set_to = (animation.action_extrapolation, animation.action_blend_type, animation.action_influence)
    animation.action = None
    strip = _add_strip(animation, action, slot)
    strip.extrapolation, strip.blend_type, strip.influence = set_to
    animation.nla_tracks[-1].name = action.name + _PUSHED


def _pull_up(animation: Any) -> bool:
    """Make the action active again that we pushed down; whether there was one."""
    track = next((track for track in animation.nla_tracks if track.name.endswith(_PUSHED) and len(track.strips)), None)
    if track is None:
        return False
    strip = track.strips[0]
    action, slot = strip.action, compat.assigned_slot(strip)
    set_to = (strip.extrapolation, strip.blend_type, strip.influence)
    animation.nla_tracks.remove(track)
    compat.assign(animation, action, slot)
    animation.action_extrapolation, animation.action_blend_type, animation.action_influence = set_to
    return True
