"""How a character's keys are driven: multipliers and offsets, the matrix, presets."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import FloatProperty, StringProperty

from .. import options
from ..annotations import Done
from ..core import arkit, drives, errors, naming, progress
from ..face import Face, actor, bones, channels, hindrances, mapping, moving, pose_library, presets, settings
from ..face.armatures import rig_of
from ..face.recognise import has_keys
from ..jobs import learn as learning
from ..jobs import rewrite as rewriting
from ..jobs.runner import JobOperator
from ..take import lines
from .base import NO_LINE, Deed, NamesFaces, Needs, hand_on

_JAW = arkit.ARKIT_INDEX["jawOpen"]


class _OfFace(Deed):
    """Needs a face."""

    @classmethod
    def missing(cls, context: Any) -> str:
        try:
            options.glance(context)
        except errors.KMTalkError as error:
            return str(error)
        return ""

    def do(self, context: Any) -> str:
        return self.change(options.face_of(options.meshes_of(context)))

    def change(self, face: Face) -> str:
        """Do the work; returns what to report.  Raises KMTalkError."""
        raise NotImplementedError


def _with_keys(context: Any) -> list[Any]:
    return [item for item in options.meshes_of(context) if has_keys(item)]


def _channels(self: Any, context: Any, edit_text: str) -> list[str]:
    try:
        return list(options.face_of(options.meshes_of(context)).drive.curves)
    except errors.KMTalkError:
        return []


def _posed_rig(context: Any) -> Any:
    """The rig of the active object that has poses; None where there is none."""
    active = context.view_layer.objects.active
    rig = rig_of(active) if active is not None else None
    return rig if rig is not None and pose_library.poses_of(rig) else None


def _offered(self: Any, context: Any, edit_text: str) -> list[tuple[str, str]]:
    active = context.view_layer.objects.active
    objects = dict.fromkeys([*options.meshes_of(context), *([active] if active is not None else [])])
    rigs = dict.fromkeys(rig for item in objects if (rig := rig_of(item)) is not None)
    children = dict.fromkeys(child for item in objects for child in item.children_recursive)
    return channels.offered(dict.fromkeys([*objects, *rigs, *children]))


def _shown(self: Any, context: Any, edit_text: str) -> list[str]:
    owner = next(iter(options.meshes_of(context)), context.view_layer.objects.active)
    scheme = owner.kmtalk_face.scheme
    return list(naming.channels_of("arkit" if scheme == settings.BY_NAMES else scheme))


class KMTALK_OT_add_adjustment(_OfFace, bpy.types.Operator):
    """Drive one key of this character more, less or from another zero than usual"""

    bl_idname = "kmtalk.add_adjustment"
    bl_label = "Adjust a Key"

    if TYPE_CHECKING:
        channel: str
        multiplier: float
        offset: float
    else:
        channel: StringProperty(name="Key", description="Which key is adjusted", search=_channels)
        multiplier: FloatProperty(name="Multiplier", description="How strongly it is driven", default=1.0)
        offset: FloatProperty(name="Offset", description="Added to its value at all times", default=0.0)

    def invoke(self, context: Any, event: Any) -> Done:
        return context.window_manager.invoke_props_dialog(self)

    def change(self, face: Face) -> str:
        if self.channel not in face.drive.curves:
            raise errors.FaceError(f"This face has no key “{self.channel}”: choose one of its own.")
        settings.adjustment(face.owner.kmtalk_face, self.channel, self.multiplier, self.offset)
        return ""


class KMTALK_OT_remove_adjustment(_OfFace, bpy.types.Operator):
    """Drive this key as usual again"""

    bl_idname = "kmtalk.remove_adjustment"
    bl_label = "Remove Adjustment"

    def change(self, face: Face) -> str:
        own = face.owner.kmtalk_face
        own.adjustments.remove(own.adjustment_index)
        own.adjustment_index = max(own.adjustment_index - 1, 0)
        return ""


class KMTALK_OT_map_keys(Deed, bpy.types.Operator):
    """Say yourself what each shape key shows, where its name does not tell it"""

    bl_idname = "kmtalk.map_keys"
    bl_label = "Map Keys by Hand"

    if TYPE_CHECKING:
        scheme: str
    else:
        scheme: StringProperty(
            name="Scheme", description="What the keys are like: arkit, oculus, …; the likeliest where empty"
        )

    @classmethod
    def missing(cls, context: Any) -> str:
        able = _with_keys(context) or _posed_rig(context) is not None
        return "" if able else "Choose a mesh with shape keys, or a rig with poses."

    def do(self, context: Any) -> str:
        moving.forget()
        meshes, rig = _with_keys(context), _posed_rig(context)
        if meshes or rig is None:
            mapping.begin(meshes, self.scheme)
        else:
            mapping.begin_poses(rig, self.scheme)
        return ""


class KMTALK_OT_show_pose(Deed, bpy.types.Operator):
    """Put the rig into this pose to see what it shows; a second press puts it back as it was"""

    bl_idname = "kmtalk.show_pose"
    bl_label = "Show Pose"

    if TYPE_CHECKING:
        name: str
    else:
        name: StringProperty(name="Pose", description="Which of the rig's poses; back as it was where empty")

    @classmethod
    def missing(cls, context: Any) -> str:
        return "" if _posed_rig(context) is not None else "Choose a rig that has poses."

    def do(self, context: Any) -> str:
        pose_library.show(_posed_rig(context), self.name)
        return ""


class KMTALK_OT_map_property(Deed, bpy.types.Operator):
    """Let a custom property, a frame number, a node's value or a visibility show a sound or a channel"""

    bl_idname = "kmtalk.map_property"
    bl_label = "Add Property"

    if TYPE_CHECKING:
        path: str
        name: str
        channel: str
        value: float
    else:
        path: StringProperty(
            name="Property",
            description="One of the character's, or any by its full data path: Copy Full Data Path in its menu",
            search=_offered,
        )
        name: StringProperty(name="Name", description="What the row is called")
        channel: StringProperty(name="Shows", description="What it shows: jawOpen, aa, MBP …", search=_shown)
        value: FloatProperty(name="Value", description="What it has when it shows all of it", default=1.0)

    @classmethod
    def missing(cls, context: Any) -> str:
        return "" if context.view_layer.objects.active is not None else "Choose the object of the face first."

    def invoke(self, context: Any, event: Any) -> Done:
        copied = context.window_manager.clipboard.strip()
        if not self.path and copied.startswith("bpy.data."):
            self.path = copied
        return context.window_manager.invoke_props_dialog(self, width=460)

    def do(self, context: Any) -> str:
        owner = next(iter(options.meshes_of(context)), context.view_layer.objects.active)
        path = self.path or context.window_manager.clipboard
        value = self.value if self.properties.is_property_set("value") else None
        mapping.add_property(owner.kmtalk_face, path, self.name, self.channel, value)
        return ""


class KMTALK_OT_mend_face(_OfFace, bpy.types.Operator):
    """Take away what keeps the take from being seen on this face"""

    bl_idname = "kmtalk.mend_face"
    bl_label = "Mend"

    if TYPE_CHECKING:
        kind: str
    else:
        kind: StringProperty(name="Kind", description="Which hindrance to take away; all of them where empty")

    def change(self, face: Face) -> str:
        mended = hindrances.mend(face, self.kind, bpy.context.scene.kmtalk.foreign)
        return f"Mended: {'; '.join(mended)}." if mended else "Nothing keeps the take from being seen."


class KMTALK_OT_edit_matrix(_OfFace, bpy.types.Operator):
    """Write how much of each ARKit channel goes into each key into a text block, which can be edited"""

    bl_idname = "kmtalk.edit_matrix"
    bl_label = "Edit the Mix"

    def change(self, face: Face) -> str:
        own = face.owner.kmtalk_face
        if not isinstance(face.drive, drives.KeyDrive):
            raise errors.FaceError("This face is not moved by keys of its own: there is no matrix to edit.")
        if own.matrix is None:
            own.matrix = bpy.data.texts.new(f"{face.owner.name} Matrix")
            own.matrix.from_string(face.drive.retarget.to_json())
        return f"Edit “{own.matrix.name}” in the Text Editor; “Apply” lets the face follow it."


class KMTALK_OT_use_rig(_OfFace, bpy.types.Operator):
    """Let the jaw and eye bones of the character's rig move: those that are known by their names are filled in"""

    bl_idname = "kmtalk.use_rig"
    bl_label = "Use Rig"

    def change(self, face: Face) -> str:
        own = face.owner.kmtalk_face
        rules = getattr(face.drive, "retarget", None)
        keeps_jaw = rules is not None and bool((rules.matrix[rules.competing] > 0)[:, _JAW].any())
        found = bones.use_rig(own, own.armature or rig_of(face.owner), keeps_jaw)
        if not found:
            return f"No bone of “{own.armature.name}” is called as in a rig that is known: pick them."
        return f"Found {', '.join(found.values())} in “{own.armature.name}”"


class KMTALK_OT_apply_face(Needs, JobOperator, bpy.types.Operator):
    """Write the takes that this face plays anew, by the settings of now; the motion itself stays"""

    bl_idname = "kmtalk.apply_face"
    bl_label = "Apply to Animation"
    title = "Applying"

    @classmethod
    def missing(cls, context: Any) -> str:
        return "" if lines.actions_of(options.meshes_of(context)) else NO_LINE

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        return rewriting.rewrite(context)


class KMTALK_OT_save_preset(_OfFace, bpy.types.Operator):
    """Keep these settings under the character's name, for other files"""

    bl_idname = "kmtalk.save_preset"
    bl_label = "Save Preset"

    def change(self, face: Face) -> str:
        return f"Saved {presets.save(face.owner).name}"


class KMTALK_OT_load_preset(_OfFace, bpy.types.Operator):
    """Take the settings that were saved under the character's name"""

    bl_idname = "kmtalk.load_preset"
    bl_label = "Load Preset"

    if TYPE_CHECKING:
        preset: str
    else:
        preset: StringProperty(name="Name", description="Another character whose settings to take; its own where empty")

    def change(self, face: Face) -> str:
        presets.load(face.owner, self.preset)
        return f"“{face.owner.name}” has the settings of “{self.preset or face.owner.name}”"


class KMTALK_OT_learn_recording(Needs, NamesFaces, JobOperator, bpy.types.Operator):
    """Let the character speak as an actor does, by a recording of face and voice (Live Link Face, ARKit, BEAT)"""

    bl_idname = "kmtalk.learn_recording"
    bl_label = "Learn from a Recording…"
    title = "Learning"

    if TYPE_CHECKING:
        filepath: str
        filter_glob: str
    else:
        filepath: StringProperty(
            name="Recording", description="A take's CSV, JSON or film, or the folder of them", subtype="FILE_PATH"
        )
        filter_glob: StringProperty(default="*.csv;*.tsv;*.json;*.npz;*.mov;*.mp4;*.wav", options={"HIDDEN"})

    _is_browsed = False

    def invoke(self, context: Any, event: Any) -> Done:
        if not self.filepath:
            try:
                options.face_of(self.objects(context))
            except errors.KMTalkError as error:
                self.report({"ERROR"}, str(error))
                return {"CANCELLED"}
            self._is_browsed = True
            if bpy.data.filepath:  # else Blender proposes this file's own name, and a folder cannot be chosen
                self.filepath = f"{Path(bpy.data.filepath).parent}{os.sep}"
            context.window_manager.fileselect_add(self)
            return {"RUNNING_MODAL"}
        return super().invoke(context, event)

    def execute(self, context: Any) -> Done:
        if self._is_browsed and self.filepath:  # chosen in the file browser, which ends here
            path = str(browsed(Path(bpy.path.abspath(self.filepath))))
            return hand_on(self, bpy.ops.kmtalk.learn_recording, filepath=path, faces=self.faces)
        return super().execute(context)

    def start(self, context: Any) -> Generator[progress.Progress, None, str]:
        if not self.filepath:
            raise errors.FaceError("Choose a recording: the CSV that Live Link Face wrote, or its folder.")
        return learning.learn(context, Path(bpy.path.abspath(self.filepath)), self.objects(context))


def browsed(path: Path) -> Path:
    """The recording that is meant by what the file browser gives: it adds a name of its own to a folder."""
    return path if path.exists() or path.suffix or not path.parent.is_dir() else path.parent


class KMTALK_OT_forget_recording(NamesFaces, Deed, bpy.types.Operator):
    """Forget what this character learnt from a recording; it speaks as usual from now on"""

    bl_idname = "kmtalk.forget_recording"
    bl_label = "Forget the Recording"

    def do(self, context: Any) -> str:
        face = options.face_of(self.objects(context))
        actor.forget(face.owner)
        return f"“{face.owner.name}” speaks as usual; animate its lines again to see it"


CLASSES = (
    KMTALK_OT_learn_recording,
    KMTALK_OT_forget_recording,
    KMTALK_OT_add_adjustment,
    KMTALK_OT_remove_adjustment,
    KMTALK_OT_map_keys,
    KMTALK_OT_map_property,
    KMTALK_OT_show_pose,
    KMTALK_OT_mend_face,
    KMTALK_OT_edit_matrix,
    KMTALK_OT_use_rig,
    KMTALK_OT_apply_face,
    KMTALK_OT_save_preset,
    KMTALK_OT_load_preset,
)
