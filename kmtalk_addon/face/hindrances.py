"""Why nothing of a take would be seen on a face, found before the work and after it, and the way out of each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .. import compat
from . import drivers
from .targets import OURS, Face, KeyTarget, Target


@dataclass(frozen=True)
class Hindrance:
    """One reason.  sentence: what is so, for the user; label: of the button that mends it; mend: does so."""

    kind: str
    sentence: str
    label: str
    mend: Callable[[], None]


def find(face: Face, foreign: str = "below") -> list[Hindrance]:
    """What keeps the targets of a face from showing a take; `foreign` as `bake.BakeOptions` has it."""
    return [found for target in face.targets for found in _of_target(target, foreign)]


def say(face: Face, foreign: str = "below") -> list[str]:
    """The same as sentences, each with its button's name."""
    return [f"{found.sentence} (“{found.label}” in the Face box mends it)" for found in find(face, foreign)]


def mend(face: Face, kind: str = "", foreign: str = "below") -> list[str]:
    """Take away all hindrances of a kind, or every one; returns what was done."""
    chosen = [found for found in find(face, foreign) if kind in ("", found.kind)]
    for found in chosen:
        found.mend()
    return [found.sentence for found in chosen]


def _of_target(target: Target, foreign: str) -> Iterator[Hindrance]:
    if isinstance(target, KeyTarget):
        yield from _of_keys(target)
    animation = target.owner.animation_data
    if animation is not None:
        yield from _of_drivers(target, animation)
        yield from _of_tracks(target, animation, foreign)
        yield from _of_curves(target, animation)


def _of_keys(target: KeyTarget) -> Iterator[Hindrance]:
    item, blocks = target.item, target.owner.key_blocks
    muted = [blocks[name] for name in target.shape_keys.values() if name in blocks and blocks[name].mute]
    if muted:

        def unmute() -> None:
            for block in muted:
                block.mute = False

        yield Hindrance(
            "muted keys",
            f"{_counted(len(muted), 'shape key')} of “{item.name}” {_are(muted)} muted: "
            f"{_listed(b.name for b in muted)}",
            "Unmute Keys",
            unmute,
        )
    if getattr(item, "show_only_shape_key", False):

        def unpin() -> None:
            item.show_only_shape_key = False

        yield Hindrance(
            "pinned key",
            f"“{item.name}” is pinned to one shape key, so that no other shows",
            "Unpin",
            unpin,
        )


def _of_drivers(target: Target, animation: Any) -> Iterator[Hindrance]:
    paths = {(curve.path, 0 if curve.single else curve.index) for curve in target.curves.values()}
    driven = [d for d in animation.drivers if (d.data_path, d.array_index) in paths and not d.mute]
    if driven:

        def mute() -> None:
            for driver in driven:
                driver.mute = True

        why = drivers.follow([target])[1].refused if isinstance(target, KeyTarget) else {}
        reason = next((why[driver.data_path] for driver in driven if driver.data_path in why), "")
        yield Hindrance(
            "drivers",
            f"{_counted(len(driven), target.kind.removesuffix('s'))} of “{target.name}” "
            f"{'have drivers' if len(driven) > 1 else 'has a driver'} that cannot be followed"
            f"{f' (it {reason})' if reason else ''}, and a driver wins over any animation",
            "Mute These Drivers",
            mute,
        )


def _of_tracks(target: Target, animation: Any, foreign: str) -> Iterator[Hindrance]:
    soloed = [track for track in animation.nla_tracks if track.is_solo and not _is_ours(track)]
    if soloed:

        def unsolo() -> None:
            for track in soloed:
                track.is_solo = False

        yield Hindrance(
            "soloed track",
            f"The NLA track “{soloed[0].name}” of “{target.name}” is soloed, so that nothing else plays",
            "Clear Solo",
            unsolo,
        )
    ours = [track for track in animation.nla_tracks if _is_ours(track)]
    muted = [track for track in ours if track.mute] + [s for t in ours for s in t.strips if s.mute and _played(s)]
    if muted:

        def unmute() -> None:
            for each in muted:
                each.mute = False

        yield Hindrance("muted track", f"The take's NLA track of “{target.name}” is muted", "Unmute Take", unmute)
    below = animation.action is not None and OURS not in animation.action and foreign == "below"
    if not animation.use_nla and (ours or below):

        def use() -> None:
            animation.use_nla = True

        yield Hindrance(
            "NLA off",
            f"The NLA of “{target.name}” is switched off, where the take plays below the action “{_action(animation)}”",
            "Switch NLA On",
            use,
        )


def _of_curves(target: Target, animation: Any) -> Iterator[Hindrance]:
    paths = {(curve.path, 0 if curve.single else curve.index) for curve in target.curves.values()}
    muted = []
    for action, slot in _our_actions(animation):
        for curve in compat.read_curves(action, slot):
            if (curve.data_path, curve.array_index) in paths and (curve.mute or (curve.group and curve.group.mute)):
                muted.append(curve)
    if muted:

        def unmute() -> None:
            for curve in muted:
                curve.mute = False
                if curve.group:
                    curve.group.mute = False

        yield Hindrance(
            "muted curves",
            f"{_counted(len(muted), 'curve')} of the take on “{target.name}” {_are(muted)} muted",
            "Unmute Curves",
            unmute,
        )


def _our_actions(animation: Any) -> Iterator[tuple[Any, Any]]:
    if animation.action is not None and OURS in animation.action:
        yield animation.action, compat.assigned_slot(animation)
    for track in animation.nla_tracks:
        for strip in track.strips:
            if _played(strip):
                yield strip.action, compat.assigned_slot(strip)


def _is_ours(track: Any) -> bool:
    return any(_played(strip) for strip in track.strips)


def _played(strip: Any) -> bool:
    return strip.action is not None and OURS in strip.action


def _action(animation: Any) -> str:
    return str(animation.action.name) if animation.action is not None else "above it"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _are(things: list[Any]) -> str:
    return "is" if len(things) == 1 else "are"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:4]) + (f" and {len(found) - 4} more" if len(found) > 4 else "")
