"""The naming schemes of face keys that animators meet, in order of preference."""

from .arkit import ARKIT_MERGED, ARKIT_SCHEME, ARKIT_SPLIT, BLINKS
from .base import Scheme
from .character_creator import REALLUSION_SCHEME, REALLUSION_STANDARD_SCHEME
from .units import (
    DAZ_FACS_SCHEME,
    FACS_SCHEME,
    FUSE_SCHEME,
    MAKEHUMAN_SCHEME,
    METAHUMAN_SCHEME,
    ROBLOX_SCHEME,
    SOURCE_SCHEME,
    UNIFIED_SCHEME,
)
from .visemes import (
    DAZ_SCHEME,
    MICROSOFT_SCHEME,
    OCULUS_SCHEME,
    PAPAGAYO_SCHEME,
    REALLUSION_PAIRS_SCHEME,
    RHUBARB_SCHEME,
    VOWELS_SCHEME,
    VRM_SCHEME,
)

__all__ = ["ARKIT_MERGED", "ARKIT_SCHEME", "ARKIT_SPLIT", "BLINKS", "SCHEMES", "SCHEME_BY_NAME", "Scheme"]

SCHEMES: tuple[Scheme, ...] = (
    ARKIT_SCHEME,
    OCULUS_SCHEME,
    MICROSOFT_SCHEME,
    VRM_SCHEME,
    RHUBARB_SCHEME,
    PAPAGAYO_SCHEME,
    REALLUSION_SCHEME,
    REALLUSION_PAIRS_SCHEME,
    # .blend files keep a scheme by its place here: new ones are added below.
    REALLUSION_STANDARD_SCHEME,
    METAHUMAN_SCHEME,
    UNIFIED_SCHEME,
    DAZ_SCHEME,
    DAZ_FACS_SCHEME,
    VOWELS_SCHEME,
    FACS_SCHEME,
    MAKEHUMAN_SCHEME,
    FUSE_SCHEME,
    SOURCE_SCHEME,
    ROBLOX_SCHEME,
)

SCHEME_BY_NAME: dict[str, Scheme] = {scheme.name: scheme for scheme in SCHEMES}
