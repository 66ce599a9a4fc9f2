"""What the tests of lines share."""

from collections.abc import Callable
from typing import Any

from faces_at_work import SENTENCE, action_of, line_in
from keys_at_work import set_value


def animate(**options: Any) -> None:
    import bpy

    assert bpy.ops.kmtalk.animate(text=SENTENCE, **options) == {"FINISHED"}


def choose(item: Any) -> None:
    import bpy

    for other in bpy.context.scene.objects:
        other.select_set(other == item)
    bpy.context.view_layer.objects.active = item


def shown(item: Any, frame: int, key: str = "jawOpen") -> float:
    import bpy

    bpy.context.scene.frame_set(frame)
    return float(item.data.shape_keys.key_blocks[key].value)


def edit(addon: Callable[[str], Any], item: Any, number: int = 0, value: float = 0.8125) -> int:
    """Change the jaw at a key of a line; its frame."""
    action = action_of(item)
    keys = line_in(action, number).key_motions
    frame = keys[len(keys) // 2].frame
    set_value(addon, action, frame, value)
    return int(frame)
