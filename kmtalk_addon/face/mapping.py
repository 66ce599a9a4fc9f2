"""A face of which somebody says what its keys show, where their names do not tell it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core import errors, naming
from . import channels, moving, pose_library, settings

_FEW = 3
"""With fewer keys that are called as in a set it is none: words and movements tell more."""


def begin(objects: Sequence[Any], scheme: str = "") -> Any:
    """List all keys of several meshes with what their names say; returns the settings that hold the list.

    scheme: of `naming.SCHEME_BY_NAME`, the likeliest where empty.  Raises FaceError.
    """
    names = {item.name: [block.name for block in item.data.shape_keys.key_blocks[1:]] for item in objects}
    owner = settings.owner_of(objects, lambda item: len(names[item.name]))
    return _begin(owner, "keys", names, scheme, lambda: moving.guesses_by_effect(objects))


def begin_poses(rig: Any, scheme: str = "") -> Any:
    """List all poses of a rig with what their names say; returns the settings that hold the list.  Raises FaceError."""
    return _begin(rig, "poses", {rig.name: [pose.name for pose in pose_library.poses_of(rig)]}, scheme)


def _begin(
    owner: Any,
    what: str,
    names: Mapping[str, Sequence[str]],
    scheme: str,
    effects: Callable[[], Mapping[str, str]] = dict,
) -> Any:
    """List `names`, by object, on the settings of `owner`; effects: what of them is known by what it does."""
    if scheme and scheme not in naming.SCHEME_BY_NAME:
        raise errors.FaceError(
            f"There is no naming scheme “{scheme}”: choose one of {', '.join(naming.SCHEME_BY_NAME)}."
        )
    if owner.library is not None:
        raise errors.FaceError(
            f"“{owner.name}” is linked from “{owner.library.name}”: map its {what} there, or make it local first."
        )
    own = owner.kmtalk_face
    every = list(dict.fromkeys(name for each in names.values() for name in each))
    done = effects()
    own.scheme = scheme or _likeliest(names, done)
    settings.guess_channels(own, every, done)
    return own


def _likeliest(names: Mapping[str, Sequence[str]], effects: Mapping[str, str]) -> str:
    """The scheme of the face where it is one, or of most of its keys; ARKit's where its keys say too little, or where a
    key that is called like a sound moves the eyes or brows."""
    found = naming.recognize_face(names)
    is_face = found.scheme in naming.SCHEME_BY_NAME
    likeliest = found.scheme if is_face else naming.likeliest(names)
    told = naming.guess(likeliest, [name for each in names.values() for name in each])
    visemes = naming.SCHEME_BY_NAME[likeliest].visemes
    denied = any(effects.get(k, "").startswith(("eye", "brow")) for k, shown in told.items() if shown in visemes)
    return likeliest if (is_face or len(told) >= _FEW) and not denied else "arkit"


def told(objects: Sequence[Any]) -> Any:
    """The settings of the object that says what all keys show; None where their names tell it."""
    own = (item.kmtalk_face for item in objects)
    return next((each for each in own if settings.mapped_by_hand(each) is not None), None)


def add_property(own: Any, path: str, name: str, channel: str, value: float | None) -> Any:
    """A row for a property at a full data path; value: what it has when it shows all, what is usual where None.

    Raises FaceError where there is none.
    """
    owner, curve = channels.at_path(path)
    if own.scheme == settings.BY_NAMES:
        own.scheme = "arkit"
    value = channels.end_of(owner, curve) if value is None else value
    row = own.keys.add()
    row.name = name or f"{owner.name} {curve.name} {value:g}"
    row.path, row.value, row.channel = path.strip(), value, channel
    return row
