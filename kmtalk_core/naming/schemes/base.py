"""What a naming scheme of face keys is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...motion.arkit import ARKIT_INDEX
from ..rules import Rule

Aliases = Mapping[str, tuple[str, ...]]

SPOKEN: dict[str, float] = {
    "jawOpen": 6.0, "mouthClose": 3.0, "mouthFunnel": 3.0, "mouthPucker": 3.0,
    "mouthRollLower": 1.5, "mouthRollUpper": 1.0,
    "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthStretchLeft": 1.0, "mouthStretchRight": 1.0,
    "mouthLowerDownLeft": 1.5, "mouthLowerDownRight": 1.5, "mouthUpperUpLeft": 1.0, "mouthUpperUpRight": 1.0,
    "mouthPressLeft": 1.0, "mouthPressRight": 1.0, "mouthShrugLower": 1.0, "mouthShrugUpper": 0.5,
    "eyeBlinkLeft": 0.75, "eyeBlinkRight": 0.75, "tongueOut": 0.5,
}  # fmt: skip
"""How much speech needs an ARKit channel; all others count `UNSPOKEN`."""
UNSPOKEN = 0.2


@dataclass(frozen=True)
class Scheme:
    """One way to name the keys of a face.

    rules: key → how much of each ARKit channel it takes (`naming.rules`), in the order in which keys are listed;
    aliases: other spellings of a key; weights: what a key adds to the score, 1 unless said; least: the score from which
    a face of this scheme can speak; visemes: the keys that show a whole mouth, of which the strongest wins; yields: key
    → other keys of the scheme that do its work better, so that it rests where one of them is there; maker: whose
    characters are named so, for the list of kinds.
    """

    name: str
    title: str
    rules: Mapping[str, Rule]
    aliases: Aliases = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    least: float = 0.5
    visemes: frozenset[str] = frozenset()
    yields: Aliases = field(default_factory=dict)
    maker: str = ""

    @property
    def channels(self) -> tuple[str, ...]:
        """The canonical names of its keys."""
        return tuple(self.rules)


def spoken_weights(rules: Mapping[str, Rule]) -> dict[str, float]:
    """How much speech needs each key, by what it takes."""
    return {key: sum(share * needed(channel) for channel, share in rule.items()) for key, rule in rules.items()}


def needed(channel: str) -> float:
    """How much speech needs an ARKit channel, or with `*` a side of a pair."""
    return SPOKEN.get(channel.replace("*", "Left"), UNSPOKEN)


def sides(stems: Mapping[str, str], left: str = "_L", right: str = "_R") -> dict[str, Rule]:
    """A key of each side for every stem, which take the left and the right of an ARKit pair."""
    return {
        f"{stem}{end}": {_sided(channel, side): 1.0}
        for stem, channel in stems.items()
        for end, side in ((left, "Left"), (right, "Right"))
    }


def parts(stems: Mapping[str, tuple[str, float]], ends: tuple[str, ...]) -> dict[str, Rule]:
    """Keys that are a part each of what ARKit has in one: all of them take its channel; sides where ARKit has sides."""
    found: dict[str, Rule] = {}
    for stem, (channel, share) in stems.items():
        for end in ends:
            side = "Left" if end.lower().endswith(("l", "left")) else "Right"
            found[f"{stem}{end}"] = {_sided(channel, side): share}
    return found


def _sided(channel: str, side: str) -> str:
    return channel if channel in ARKIT_INDEX else f"{channel}{side}"
