"""Operators of KMTalk, as `bpy.ops.kmtalk`; written by `python -m kmtalk_addon.hints`."""

from typing import Any, Literal

def add_adjustment(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    channel: str = ...,
    multiplier: float = ...,
    offset: float = ...,
) -> set[str]:
    """Drive one key of this character more, less or from another zero than usual."""

def add_demo_head(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    size: float = ...,
) -> set[str]:
    """Add a head that speaks at once: ARKit's 52 shape keys, teeth, tongue, eyes, and a bone that turns it."""

def add_event(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    kind: Literal["blink", "glance", "nod", "shift", "brow_raise", "frown", "squint", "breath"] = ...,
) -> set[str]:
    """Let the face do this at the playhead; Regenerate makes it."""

def add_key(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Make the current frame a key motion with the pose it has now."""

def add_meshes(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Add the selected meshes to the face: head, teeth, tongue."""

def add_preset(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    name: str = ...,
    remove_name: bool = ...,
    remove_active: bool = ...,
) -> set[str]:
    """Keep the performance and the settings of now under a name, or forget those of a name."""

def add_sound(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    filepath: str = ...,
    filter_glob: str = ...,
) -> set[str]:
    """Put a sound file onto this scene's timeline at the playhead, ready to be animated."""

def animate(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
    file: str = ...,
    use_range: bool = ...,
    range_start: int = ...,
    range_end: int = ...,
    text: str = ...,
    bake_mode: Literal["EVERY", "REDUCED"] = ...,
    error: float = ...,
    timeline_markers: bool = ...,
    foreign: Literal["below", "above"] = ...,
    add_strip: bool = ...,
    strength_lower: float = ...,
    strength_upper: float = ...,
    strength_eyes: float = ...,
    strength_head: float = ...,
    regions: set[Literal["mouth", "upper", "eyes", "head", "chest"]] = ...,
    smoothing: float = ...,
    delay: float = ...,
    minimum_gap: int = ...,
    key_density: float = ...,
    mood: Literal["auto", "neutral", "happy", "sad", "angry", "afraid", "disgusted", "surprised", "confident", "excited", "bored", "playful", "confused"] = ...,
    mood_strength: float = ...,
    liveliness: float = ...,
    blinks: bool = ...,
    breath: bool = ...,
    listening: bool = ...,
    look_left: float = ...,
    look_up: float = ...,
    seed: int = ...,
    strip: str = ...,
    start_over: bool = ...,
) -> set[str]:
    """Bring the face to life from the sound."""

def animate_all(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    way: Literal["CHANNEL", "NAME"] = ...,
    start_over: bool = ...,
) -> set[str]:
    """Animate every sound strip of the sequencer, each on its character; the list shows which first."""

def another_take(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Play the sound once more with another seed: other blinks, glances and nods; what is locked stays."""

def apply_face(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Write the takes that this face plays anew, by the settings of now; the motion itself stays."""

def apply_settings(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Give all lines of the face the strengths, smoothing and delay of the settings; no sound is heard again for it."""

def bring_lines(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Make lines of one action of the takes that an earlier KMTalk wrote, each in an action of its own."""

def cancel_job(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    index: int = ...,
) -> set[str]:
    """Stop this job; nothing is changed."""

def close_action(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Leave our action, which was opened to edit its keys; your own action is back."""

def delete_event(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Let the face not do this; Regenerate takes it out.  Once more brings it back."""

def delete_key(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Delete this key motion: the motion runs through at the next Regenerate."""

def edit_matrix(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Write how much of each ARKit channel goes into each key into a text block, which can be edited."""

def edit_words(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Edit the words in a text of this file, where they have room: one that you have, or a new one with the words of now."""

def export_take(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    filepath: str = ...,
    check_existing: bool = ...,
    layout_name: Literal["CSV", "JSON", "NPZ"] = ...,
    filter_glob: str = ...,
) -> set[str]:
    """Write the take as Live Link Face CSV, as JSON, or as KMTalk's own file."""

def face_build(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
) -> set[str]:
    """Build ARKit's face shapes as shape keys; teeth, tongue and eyes inside the head follow."""

def face_check(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
    filepath: str = ...,
) -> set[str]:
    """Show the face in test poses, and report what would look wrong: missing keys, lips that cross or never meet."""

def face_landmarks(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
) -> set[str]:
    """Find the landmarks of the head and show them as empties: drag those that are wrong, then build."""

def face_remove(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
) -> set[str]:
    """Remove the shape keys that were built here, and none of your own; and the landmarks."""

def follow_strip(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Move the chosen line to where its strip lies now; what was changed by hand moves along."""

def forget_recording(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
) -> set[str]:
    """Forget what this character learnt from a recording; it speaks as usual from now on."""

def import_take(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    filepath: str = ...,
    start: float = ...,
    filter_glob: str = ...,
) -> set[str]:
    """Bake a take, or a Live Link Face CSV made elsewhere, onto the face."""

def install_engine(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    from_folder: bool = ...,
    directory: str = ...,
) -> set[str]:
    """Install the engine: an environment of its own, outside Blender, that outlives Blender's upgrades."""

def install_microphone(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Fetch what hears a microphone: 1 MB beside Blender, without PyTorch. Linux needs the package libportaudio2 too."""

def join_phone(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Make one sound of the one at the playhead and the next; Regenerate makes it so."""

def learn_recording(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
    filepath: str = ...,
    filter_glob: str = ...,
) -> set[str]:
    """Let the character speak as an actor does, by a recording of face and voice (Live Link Face, ARKit, BEAT)."""

def listen(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
    file: str = ...,
    use_range: bool = ...,
    range_start: int = ...,
    range_end: int = ...,
    text: str = ...,
    bake_mode: Literal["EVERY", "REDUCED"] = ...,
    error: float = ...,
    timeline_markers: bool = ...,
    foreign: Literal["below", "above"] = ...,
    add_strip: bool = ...,
    strength_lower: float = ...,
    strength_upper: float = ...,
    strength_eyes: float = ...,
    strength_head: float = ...,
    regions: set[Literal["mouth", "upper", "eyes", "head", "chest"]] = ...,
    smoothing: float = ...,
    delay: float = ...,
    minimum_gap: int = ...,
    key_density: float = ...,
    mood: Literal["auto", "neutral", "happy", "sad", "angry", "afraid", "disgusted", "surprised", "confident", "excited", "bored", "playful", "confused"] = ...,
    mood_strength: float = ...,
    liveliness: float = ...,
    blinks: bool = ...,
    breath: bool = ...,
    listening: bool = ...,
    look_left: float = ...,
    look_up: float = ...,
    seed: int = ...,
) -> set[str]:
    """Let the face listen between its lines: blinks, looks and small nods in every gap; once more makes them anew."""

def live(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    voice: Literal["MICROPHONE", "SOUND"] = ...,
    record: bool = ...,
) -> set[str]:
    """Let the face follow a voice while it is spoken. Nothing is keyed: Esc, or this button again, puts all back."""

def load_preset(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    preset: str = ...,
) -> set[str]:
    """Take the settings that were saved under the character's name."""

def lock_event(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Keep this event as it is through another take; or let it go again."""

def lock_key(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Keep this key as it is, through Regenerate and a new Animate; or let it go again."""

def look_there(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Let the eyes go, at the playhead, to the selected object that is no part of the face, or else to the camera."""

def map_keys(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    scheme: str = ...,
) -> set[str]:
    """Say yourself what each shape key shows, where its name does not tell it."""

def map_property(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    path: str = ...,
    name: str = ...,
    channel: str = ...,
    value: float = ...,
) -> set[str]:
    """Let a custom property, a frame number, a node's value or a visibility show a sound or a channel."""

def mend_face(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    kind: str = ...,
) -> set[str]:
    """Take away what keeps the take from being seen on this face."""

def mirror_landmarks(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    faces: str = ...,
) -> set[str]:
    """Bring the landmarks of the other side to where those that you dragged have their mirror images."""

def move_phone(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Bring the nearest boundary between two sounds to the playhead; Regenerate makes it so."""

def pick_phone(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Go to the key motion of the sound or the word under the mouse."""

def regenerate(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Make the motion beside the keys you changed anew; all else stays as it is."""

def remove_adjustment(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Drive this key as usual again."""

def remove_engine(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Remove the installed engine and free its disk space."""

def remove_line(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Take the chosen line off the face, which rests there; its sound stays."""

def remove_mesh(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Take this mesh off the face."""

def reset_key(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Give this key back to KMTalk: what was changed by hand goes at the next Regenerate."""

def save_preset(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Keep these settings under the character's name, for other files."""

def say_as(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    phone: str = ...,
) -> set[str]:
    """Say it as another sound: give the phone or the mouth shape that was meant; Regenerate makes it so."""

def show_guide(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Open the guide that comes with the extension, in a window of its own."""

def show_pose(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    name: str = ...,
) -> set[str]:
    """Put the rig into this pose to see what it shows; a second press puts it back as it was."""

def split_phone(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
    *,
    labels: str = ...,
) -> set[str]:
    """Make two sounds of the one at the playhead; Regenerate makes it so."""

def test_engine(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Animate a few seconds to see that the engine works, where and how fast."""

def use_rig(
    execution_context: str | None = None,
    undo: bool | None = None,
    /,
) -> set[str]:
    """Let the jaw and eye bones of the character's rig move: those that are known by their names are filled in."""
