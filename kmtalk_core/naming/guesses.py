"""A guess for every key of a face that somebody is about to map by hand: by its set, by words, by what it does."""

from collections.abc import Mapping, Sequence

from .recognize import channels_of, guess
from .schemes.arkit import ARKIT_MERGED
from .words import guess_by_words


def guess_channels(scheme: str, names: Sequence[str], effects: Mapping[str, str] | None = None) -> dict[str, str]:
    """Key → channel of a scheme, no channel twice: what the scheme's own names say, then the words of a name, then
    `effects`, what the key does (`effects.guess_by_effects`), both of which speak of ARKit's channels.
    """
    found = guess(scheme, names)
    allowed = set(channels_of(scheme))
    for told in ({name: guess_by_words(name) for name in names}, effects or {}):
        for name, channel in told.items():
            done = (effects or {}).get(name, "")
            channel = done if done in ARKIT_MERGED.get(channel, ()) else channel  # the side that no word tells
            if name in found or channel not in allowed:
                continue
            if _is_free(channel, set(found.values())):
                found[name] = channel
    return found


def _is_free(channel: str, taken: set[str]) -> bool:
    """Whether nothing shows a channel yet, neither by itself nor with its other side."""
    pairs = {whole: set(pair) for whole, pair in ARKIT_MERGED.items()}
    over = {whole for whole, pair in pairs.items() if channel in pair}
    return channel not in taken and not taken & over and not taken & pairs.get(channel, set())
