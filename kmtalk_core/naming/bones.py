"""The bones of head, neck and chest in a rig, by the names that rigs give them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .spelling import words_of

_SIGNS = re.compile(r"[\W_]+")
_NAMESPACE = re.compile(r"^.*[:|]")

_HEAD = (
    # controls come before the bones that they lead: Rigify, Auto-Rig Pro, then what deforms or is the only one
    *("head", "cheadx", "chead", "headfk", "fkhead", "headctrl", "ctrlhead", "headcontrol", "mixamorighead"),
    *("ccbasehead", "jbipchead", "bip01head", "bip001head", "headx", "spine006", "headbone", "defhead"),
    *("defspine006", "orghead", "head01", "kopf", "tete", "cabeza", "testa", "голова", "頭"),
)
_NECK = (
    *("neck", "cneckx", "cneck", "neckfk", "fkneck", "neckctrl", "ctrlneck", "neckcontrol", "mixamorigneck"),
    *("ccbasenecktwist01", "jbipcneck", "bip01neck", "bip001neck", "neckx", "spine005", "spine004", "neck01"),
    *("necklower", "neckbone", "defneck", "defspine005", "orgneck", "hals", "cou", "cuello", "collo", "шея", "首"),
)

CHEST, SHOULDER_LEFT, SHOULDER_RIGHT = "chest", "shoulder_left", "shoulder_right"
_CHEST: dict[str, tuple[str, ...]] = {
    # Rigify's control, MetaHuman and Unreal, Mixamo, Daz, Reallusion, VRM, Biped, Auto-Rig Pro.
    CHEST: (
        *("chest", "upperchest", "spine05", "spine03", "mixamorigspine2", "chestupper", "ccbasespine02"),
        *("jbipcupperchest", "jbipcchest", "bip001spine2", "cspine03x", "spine2", "spinefk003"),
    ),
    SHOULDER_LEFT: (
        *("shoulderl", "claviclel", "mixamorigleftshoulder", "lcollar", "lclavicle", "ccbaselclavicle"),
        *("jbiplshoulder", "bip001lclavicle", "cshoulderl", "leftshoulder", "leftclavicle"),
    ),
    SHOULDER_RIGHT: (
        *("shoulderr", "clavicler", "mixamorigrightshoulder", "rcollar", "rclavicle", "ccbaserclavicle"),
        *("jbiprshoulder", "bip001rclavicle", "cshoulderr", "rightshoulder", "rightclavicle"),
    ),
}
_BREATH = frozenset({"breathe", "breath", "breathing", "inhale", "breathein", "chestbreathe", "chestrise"})

_HEAD_WORDS = frozenset((
    "head", "kopf", "schädel", "tete", "tête", "cabeza", "cabeça", "testa", "голова", "głowa", "baş", "頭", "头",
    "머리", "skull", "cranium",
))  # fmt: skip
_NECK_WORDS = frozenset(
    ("neck", "hals", "cou", "cuello", "pescoço", "collo", "шея", "szyja", "boyun", "首", "颈", "목"),
)
_OTHER_WORDS = frozenset((
    "top", "end", "nub", "tip", "tail", "aim", "look", "target", "ik", "pole", "eye", "eyes", "jaw", "hair", "ear",
    "hat", "mch", "vis", "wgt", "ref", "tweak", "twist", "offset", "scale", "pivot", "prop", "helper", "socket",
    "master", "parent", "light", "arrow",
))  # fmt: skip
_LED_WORDS = frozenset(("def", "deform", "org", "bind", "skin", "jnt", "joint"))


@dataclass(frozen=True)
class HeadBones:
    """The bone that turns the head, and the one of the neck below it; empty where a rig has none that is known."""

    head: str
    neck: str


def by_spelling(names: Iterable[str]) -> Mapping[str, str]:
    """The first of `names` for each way to spell one: without signs, and without the namespace before it too.

    A name that is spelt so as a whole counts before one that is so behind its namespace.
    """
    return _by_spelling(tuple(names))


@lru_cache(maxsize=32)  # panels ask at every redraw, and a rig's names seldom change
def _by_spelling(every: tuple[str, ...]) -> Mapping[str, str]:
    plain: dict[str, str] = {}
    for spelling in (spelt, _without_namespace):
        for name in every:
            plain.setdefault(spelling(name), name)
    return plain


def spelt(name: str) -> str:
    """A bone's name as it is compared: small letters and digits alone."""
    return _SIGNS.sub("", name.lower())


def find_head_bones(names: Sequence[str], parents: Mapping[str, str] | None = None) -> HeadBones:
    """The bones of head and neck among `names`: called as in a rig that is known, else by their words.

    parents: bone → the one it hangs from; a neck by its words is one that the head hangs from, where they tell that.
    """
    plain = by_spelling(names)
    head = next((plain[name] for name in _HEAD if name in plain), "") or _by_words(names, _HEAD_WORDS)
    neck = next((plain[name] for name in _NECK if name in plain and plain[name] != head), "")
    if not neck:
        above = set(_above(head, parents)) if parents else set(names)
        neck = _by_words([name for name in names if name in above and name != head], _NECK_WORDS)
    return HeadBones(head, neck)


def find_chest(names: Iterable[str]) -> dict[str, str]:
    """The bones of chest and shoulders among `names`, as far as one is called as in a rig that is known.

    Shoulders come as a pair or not at all.
    """
    plain = by_spelling(names)
    called = {part: next((plain[name] for name in known if name in plain), "") for part, known in _CHEST.items()}
    if not (called[SHOULDER_LEFT] and called[SHOULDER_RIGHT]):
        called[SHOULDER_LEFT] = called[SHOULDER_RIGHT] = ""
    return {part: name for part, name in called.items() if name}


def find_breath_keys(names: Iterable[str]) -> list[str]:
    """The shape keys among `names` that are called after breathing in."""
    return [name for name in names if _is_breath(name)]


@lru_cache(maxsize=1 << 14)
def _is_breath(name: str) -> bool:
    return bool({spelt(name), _without_namespace(name)} & _BREATH)


def _without_namespace(name: str) -> str:
    return spelt(_NAMESPACE.sub("", name))


def _by_words(names: Sequence[str], wanted: frozenset[str]) -> str:
    """The plainest name that says one of the words: a control before what deforms, few words before many."""
    said = {name: words_of(_NAMESPACE.sub("", name)) for name in names}
    able = [n for n in names if wanted & set(said[n]) and not _OTHER_WORDS & set(said[n])]
    return min(able, key=lambda n: (bool(_LED_WORDS & set(said[n])), len(said[n]), len(n)), default="")


def _above(name: str, parents: Mapping[str, str]) -> Sequence[str]:
    """What a bone hangs from, the nearest first."""
    found: list[str] = []
    while (name := parents.get(name, "")) and name not in found:
        found.append(name)
    return found
