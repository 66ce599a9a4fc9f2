"""The Face box: what was recognised, what can be done about it, and how each key is driven."""

from typing import Any

import bpy

from .. import options
from ..core import errors
from ..face import (
    Face,
    actor,
    build,
    chosen,
    geometry,
    landmarks,
    mapping,
    pose_library,
    presets,
    settings,
    suzanne,
)
from ..face.recognise import has_keys
from ..preferred import PACKAGE
from ..take import lines
from .drawing import Rows, draw_text


class KMTALK_UL_adjustments(Rows, bpy.types.UIList):
    """Keys that are driven more or less than usual."""

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        split = layout.split(factor=0.46)
        split.label(text=item.name)
        row = split.row(align=True)
        row.prop(item, "multiplier", text="×", emboss=False)
        row.prop(item, "offset", text="+", emboss=False)


class KMTALK_UL_mapped_keys(Rows, bpy.types.UIList):
    """Shape keys, and what each shows."""

    def draw_row(self, context: Any, layout: Any, item: Any) -> None:
        data = item.id_data.kmtalk_face
        split = layout.split(factor=0.5)
        picture = bpy.data.actions[item.name].preview if item.name in bpy.data.actions else None
        if picture is not None and not item.path:
            split.label(text=item.name, icon_value=picture.icon_id)
        else:
            split.label(text=item.name, icon="PROPERTIES" if item.path else "NONE")
        row = split.row(align=True)
        row.prop(item, "channel", text="")
        if item.path:
            row.prop(item, "value", text="")
        elif item.id_data.type == "ARMATURE":
            is_shown = data.shown_pose == item.name  # a second press puts the rig back
            icon = "HIDE_OFF" if is_shown else "HIDE_ON"
            row.operator("kmtalk.show_pose", text="", icon=icon, depress=is_shown).name = "" if is_shown else item.name


def draw_face(layout: Any, context: Any) -> None:
    """The whole box."""
    meshes_listed = context.scene.kmtalk.meshes
    for entry in meshes_listed:
        layout.row().prop(entry, "object")
    row = layout.row(align=True)
    row.operator("kmtalk.add_meshes", text="Add Selected", icon="ADD")
    if len(meshes_listed):
        row.operator("kmtalk.remove_mesh", text="", icon="REMOVE")
    meshes = options.meshes_of(context)
    try:
        seen = options.glance(context)
    except errors.KMTalkError:
        _draw_faceless(layout, context)
        return
    face = seen.face
    draw_text(layout, context, f"Moves {seen.what_moves}", "ANIM")
    for kind, (sentence, label) in seen.hindrances.items():
        draw_text(layout, context, f"{sentence}.", "ERROR")
        layout.operator("kmtalk.mend_face", text=label, icon="TOOL_SETTINGS").kind = kind
    told = mapping.told(meshes)
    if told is not None:
        _draw_mapping(layout, told)
        if lines.actions_of(meshes):
            layout.operator("kmtalk.apply_face", icon="FILE_REFRESH")
    layout.operator("kmtalk.face_check", icon="VIEWZOOM")
    _draw_actor(layout, face)
    if any(build.built_keys(mesh.item.data) for mesh in face.meshes):
        _draw_built(layout, face.found_on[0])
    _draw_settings(layout, context, face)


def _draw_faceless(layout: Any, context: Any) -> None:
    """A face that cannot speak yet: what its mesh is, and the way to shapes."""
    objects = chosen.meshes(context)
    if not objects:  # which the first lines of the panel tell
        rig = context.view_layer.objects.active
        if rig is not None and rig.type == "ARMATURE" and pose_library.poses_of(rig):
            layout.operator("kmtalk.map_keys", text="Map Poses by Hand", icon="POSE_HLT")
            if (own := mapping.told([rig])) is not None:
                _draw_mapping(layout, own)
        return
    head = objects[0]
    draw_text(layout, context, f"“{head.name}”: {geometry.describe_topology(head)}", "MESH_DATA")
    own = mapping.told(objects)
    if own is not None:
        _draw_mapping(layout, own)
        return
    spoilt = next((item.kmtalk_face for item in objects if item.kmtalk_face.matrix is not None), None)
    if spoilt is not None:
        layout.prop(spoilt, "matrix")
        return
    if has_keys(head):
        layout.operator("kmtalk.map_keys", icon="SHAPEKEY_DATA")
    try:
        build.require_buildable(head)
    except errors.KMTalkError as error:
        draw_text(layout, context, str(error), "ERROR")
        return
    try:
        options.face_engine_of(context)
    except errors.KMTalkError as error:
        draw_text(layout, context, str(error), "INFO")
        layout.operator("preferences.addon_show", text="Preferences", icon="PREFERENCES").module = PACKAGE
    column = layout.column(align=True)
    column.operator("kmtalk.face_landmarks", icon="EMPTY_AXIS")
    column.operator("kmtalk.face_build", icon="SHAPEKEY_DATA")
    if landmarks.of(head):
        layout.operator("kmtalk.mirror_landmarks", icon="MOD_MIRROR")
        guessed = "No face was found: drag the landmarks onto its eyes, nose, mouth and chin, then build."
        found = "Drag the landmarks that are wrong, then build."
        is_guessed = landmarks.laid_out(head) and not suzanne.is_suzanne(head)
        draw_text(layout, context, guessed if is_guessed else found, "INFO")


def _draw_mapping(layout: Any, own: Any) -> None:
    """What each key shows, as somebody says it."""
    layout.prop(own, "scheme", text="Keys")
    if own.scheme != settings.BY_NAMES:
        layout.template_list("KMTALK_UL_mapped_keys", "", own, "keys", own, "key_index", rows=6)
        layout.operator("kmtalk.map_property", icon="ADD")
        if any(row.path for row in own.keys):
            row = layout.row(align=True)
            row.prop(own, "least_hold")
            row.prop(own, "on_twos", toggle=True)


def _draw_built(layout: Any, head: Any) -> None:
    row = layout.row(align=True)
    row.operator("kmtalk.face_landmarks", text="Landmarks", icon="EMPTY_AXIS")
    row.operator("kmtalk.face_build", text="Rebuild", icon="FILE_REFRESH")
    row.operator("kmtalk.face_remove", text="", icon="TRASH")
    if landmarks.of(head):
        layout.operator("kmtalk.mirror_landmarks", icon="MOD_MIRROR")


def _draw_settings(layout: Any, context: Any, face: Face) -> None:
    header, body = layout.panel("KMTALK_face_settings", default_closed=True)
    header.label(text=f"Settings of “{face.owner.name}”")
    if body is None:
        return
    own = face.owner.kmtalk_face
    found = presets.find(face.owner.name)
    row = body.row(align=True)
    row.operator("kmtalk.save_preset", text="Save", icon="FILE_TICK")
    row.operator("kmtalk.load_preset", text="Load", icon="IMPORT")
    if found is not None and not presets.is_applied(face.owner):
        draw_text(body, context, f"There is a preset of the name “{face.owner.name}”: load it.", "INFO")
    if own.scheme == settings.BY_NAMES:
        body.operator("kmtalk.map_keys", icon="SHAPEKEY_DATA")
    body.label(text="Keys Driven More or Less")
    row = body.row()
    row.template_list("KMTALK_UL_adjustments", "", own, "adjustments", own, "adjustment_index", rows=3)
    column = row.column(align=True)
    column.operator("kmtalk.add_adjustment", text="", icon="ADD")
    column.operator("kmtalk.remove_adjustment", text="", icon="REMOVE")
    _draw_rig(body.column(), own)
    body.operator("kmtalk.apply_face", icon="FILE_REFRESH")


def _draw_rig(layout: Any, own: Any) -> None:
    """Where keys are mixed, and the bones that take part."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    row = layout.row(align=True)
    row.prop(own, "matrix")
    row.operator("kmtalk.edit_matrix", text="", icon="TEXT")
    row = layout.row(align=True)
    row.prop(own, "armature", text="Rig")
    row.operator("kmtalk.use_rig", text="", icon="ARMATURE_DATA")
    if own.armature is None:
        return
    for prop in settings.BONES.values():
        layout.prop_search(own, prop, own.armature.data, "bones")
    layout.prop(own, "jaw_angle")
    layout.prop(own, "neck_share")
    for prop, owner in (("keys_too", own), ("artists_bones", own.armature.kmtalk_face)):
        row = layout.row()
        row.use_property_split = False  # a sentence beside its box
        row.prop(owner, prop)


def _draw_actor(layout: Any, face: Face) -> None:
    """Whom the character learnt from."""
    row = layout.row(align=True)
    name = actor.name_of(face.owner)
    if name:
        row.prop(face.owner.kmtalk_face, "use_actor", text=f"Speak as “{name}”")
        row.operator("kmtalk.learn_recording", text="", icon="FILEBROWSER")
        row.operator("kmtalk.forget_recording", text="", icon="X")
    else:
        row.operator("kmtalk.learn_recording", icon="FILEBROWSER")


CLASSES = (KMTALK_UL_adjustments, KMTALK_UL_mapped_keys)
