"""What one animates with: the core's settings, and which sound, which frames and which keys."""

from typing import TYPE_CHECKING

from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from .. import answers, settings
from ..live.noticing import settings_changed

BAKE_MODES = (
    ("EVERY", "Every Frame", "A key on every frame"),
    ("REDUCED", "Reduced", "As few Bezier keys as stay within the error"),
)
FOREIGN = (
    (
        "below",
        "Under Your Action",
        "Where an action of yours is there, ours goes onto an NLA track: yours wins where both have a key",
    ),
    (
        "above",
        "Over Your Action",
        "Where an action of yours is there, it is pushed down to an NLA track and ours plays over it",
    ),
)


class AnimationOptions:
    """The choices that a scene remembers and that `bpy.ops.kmtalk.animate` takes.

    Each setting of the core is one of them (`settings.properties`).
    """

    if TYPE_CHECKING:
        file: str
        use_range: bool
        range_start: int
        range_end: int
        text: str
        bake_mode: str
        error: float
        timeline_markers: bool
        foreign: str
        add_strip: bool
    else:
        file: StringProperty(name="File", description="Sound file to animate from", subtype="FILE_PATH")
        use_range: BoolProperty(name="Range", description="Animate a range of frames only")
        range_start: IntProperty(name="Start", description="First frame to animate", default=1)
        range_end: IntProperty(name="End", description="Last frame to animate", default=250)
        text: StringProperty(
            name="Transcript", description="What is said: the sounds of these words are then found in the voice"
        )
        bake_mode: EnumProperty(name="Keys", description="How many keys the curves get", items=BAKE_MODES)
        error: FloatProperty(
            name="Error",
            description="How far a reduced curve may be from the motion, in shape-key value",
            default=0.01,
            min=0.0005,
            max=0.2,
            precision=3,
        )
        timeline_markers: BoolProperty(
            name="Timeline Markers",
            description="Also mark key motions on the scene's timeline",
            default=True,
            update=answers.mark_timeline,
        )
        foreign: EnumProperty(
            name="Beside Yours",
            description="Where ours goes when the face plays an action of yours, which is never written to",
            items=FOREIGN,
        )
        add_strip: BoolProperty(
            name="Add the Sound Too", description="Put the file on the timeline too, so that it is heard", default=True
        )


AnimationOptions.__annotations__.update(settings.properties(settings_changed))
