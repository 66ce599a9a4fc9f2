"""What a mouth can do with the keys it has: speech needs it to open and to round; closed is how it rests."""

from collections.abc import Mapping

from .schemes import SCHEME_BY_NAME
from .schemes.arkit import ARKIT_SPLIT

LACKS: dict[str, str] = {"open": "opens the mouth", "round": "rounds the lips"}
"""What speech cannot do without → how it is said."""
_OPENS = 0.5
_ROUNDS = 0.4


def lacks_of(scheme: str, mapping: Mapping[str, str]) -> tuple[str, ...]:
    """Of `LACKS`, what none of the channels of `mapping` does.

    Closing is no lack: a mouth that no key closes shuts its jaw (`retarget.shut`), and rests shut.
    """
    rules = SCHEME_BY_NAME[scheme].rules
    opening = rounding = 0.0
    for channel in mapping:
        rule = rules.get(channel) or {ARKIT_SPLIT.get(channel, channel): 1.0}
        opening = max(opening, rule.get("jawOpen", 0.0))
        rounding = max(rounding, rule.get("mouthPucker", 0.0) + rule.get("mouthFunnel", 0.0))
    able = {"open": opening >= _OPENS, "round": rounding >= _ROUNDS}
    return tuple(lack for lack in LACKS if not able[lack])


def say_lacks(lacks: tuple[str, ...]) -> str:
    """“no key opens the mouth or rounds the lips”."""
    return "no key " + " or ".join(LACKS[lack] for lack in lacks)
