"""The one door to `kmtalk_core`, which lies beside this package: in the checkout, or inside the same extension."""

from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__ == "kmtalk_addon":
    from kmtalk_core.api import *  # noqa: F403
else:
    from ..kmtalk_core.api import *  # noqa: F403
