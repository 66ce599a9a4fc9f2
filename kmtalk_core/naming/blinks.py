"""One blink: of all the keys that close an eye, those that close it once."""

from collections.abc import Mapping

from .rules import Rule
from .spelling import plain


def resting_blinks(rules: Mapping[str, Rule], mapping: Mapping[str, str], is_viseme_set: bool) -> set[str]:
    """Of the channels of `mapping` (channel → key), those that close an eye which another of them closes already.

    A key for each eye leaves each its own blink; but where there is one for both, a pair that is called “blink” beside
    it may be winks that smile, so that the pair must say more clearly that it is one (`eyeBlinkLeft`).
    """
    lids = {channel: _lids(rules.get(channel, {channel: 1.0})) for channel in mapping}
    both = [channel for channel, (left, right) in lids.items() if left and right]
    lefts = [channel for channel, (left, right) in lids.items() if left and not right]
    rights = [channel for channel, (left, right) in lids.items() if right and not left]
    has_pair = bool(lefts and rights)
    is_sure = has_pair and plain(mapping[lefts[0]]).endswith("eyeblinkleft")
    if both and not (has_pair and (is_sure or not is_viseme_set)):
        kept = {both[0]}
    else:
        kept = {*lefts[:1], *rights[:1]}
    return {channel for channel in (*both, *lefts, *rights) if channel not in kept}


def _lids(rule: Rule) -> tuple[bool, bool]:
    """Whether a key closes the left and the right eye."""
    whole = any(rule.get(name, 0.0) > 0 for name in ("eyeBlink", "eyeBlink*"))
    return whole or rule.get("eyeBlinkLeft", 0.0) > 0, whole or rule.get("eyeBlinkRight", 0.0) > 0
