"""What several panels draw alike."""

import textwrap
from functools import lru_cache
from typing import Any

_PIXELS_A_LETTER = 7.0
_WIDE = 400  # pixels of a region


class Rows:
    """A list whose rows are drawn by `draw_row`."""

    def draw_item(
        self,
        context: Any,
        layout: Any,
        data: Any,
        item: Any,
        icon: Any,
        active_data: Any,
        active_property: Any,
        index: Any = 0,
        flt_flag: Any = 0,
    ) -> None:
        self.draw_row(context, layout, item)

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        """Draw one item of the list."""
        raise NotImplementedError


def is_wide(context: Any) -> bool:
    """Whether the region has room for what can also be told by an icon, or left out."""
    width = context.region.width if context.region else 0
    return bool(width > _WIDE * context.preferences.system.ui_scale)


def draw_text(layout: Any, context: Any, text: str, icon: str = "NONE", lines: int | None = None) -> None:
    """A sentence, broken into as many lines as the region's width asks for, or at most into `lines`."""
    width = context.region.width / context.preferences.system.ui_scale if context.region else 280
    letters = max(int((width - 60) / _PIXELS_A_LETTER), 16)
    column = layout.column(align=True)
    column.scale_y = 0.75
    for number, line in enumerate(_wrapped(text, letters, lines)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1" if icon != "NONE" else "NONE")


@lru_cache(maxsize=256)  # the same sentences at every redraw
def _wrapped(text: str, letters: int, lines: int | None) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, letters, max_lines=lines, placeholder=" …")) or ("",)
