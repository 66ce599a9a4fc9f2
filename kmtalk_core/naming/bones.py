"""The bones of head and neck in a rig, by the names that rigs give them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class HeadBones:
    """The bone that turns the head, and the one of the neck below it; empty where a rig has none that is known."""

    head: str
    neck: str


def find_head_bones(names: Sequence[str]) -> HeadBones:
    """The bones of head and neck among `names`, as far as they are called as in a rig that is known."""
    plain: dict[str, str] = {}
    for name in names:
        for spelling in (_SIGNS.sub("", name.lower()), _SIGNS.sub("", _NAMESPACE.sub("", name.lower()))):
            plain.setdefault(spelling, name)
    head = next((plain[name] for name in _HEAD if name in plain), "")
    neck = next((plain[name] for name in _NECK if name in plain and plain[name] != head), "")
    return HeadBones(head, neck)
