"""Head, neck, chest and shoulders are found by name in the rigs that people have."""

import pytest

from kmtalk_core.drives.bones import find_bones
from kmtalk_core.naming.bones import find_breath_keys, find_chest, find_head_bones

RIGS = {
    "Rigify": (["head", "neck", "DEF-spine.006", "DEF-spine.005", "ORG-spine.006", "MCH-ROT-head"], "head", "neck"),
    "Rigify, metarig": ([f"spine.{n:03}" for n in range(1, 7)], "spine.006", "spine.005"),
    "Auto-Rig Pro": (["c_head.x", "head.x", "c_neck.x", "neck.x"], "c_head.x", "c_neck.x"),
    "Mixamo": (["mixamorig:Head", "mixamorig:Neck", "mixamorig:HeadTop_End"], "mixamorig:Head", "mixamorig:Neck"),
    "Character Creator": (["CC_Base_Head", "CC_Base_NeckTwist01"], "CC_Base_Head", "CC_Base_NeckTwist01"),
    "Unreal": (["spine_05", "neck_01", "neck_02", "head"], "head", "neck_01"),
    "VRM": (["J_Bip_C_Neck", "J_Bip_C_Head"], "J_Bip_C_Head", "J_Bip_C_Neck"),
    "Daz": (["neckLower", "neckUpper", "head", "lowerJaw"], "head", "neckLower"),
    "none": (["Bone", "Bone.001"], "", ""),
}


@pytest.mark.parametrize("rig", RIGS)
def test_head_and_neck(rig: str) -> None:
    names, head, neck = RIGS[rig]
    found = find_head_bones(names)
    assert (found.head, found.neck) == (head, neck)


CHESTS = {
    "Rigify": ["chest", "shoulder.L", "shoulder.R"],
    "Unreal": ["spine_05", "clavicle_l", "clavicle_r"],
    "Mixamo": ["mixamorig:Spine2", "mixamorig:LeftShoulder", "mixamorig:RightShoulder"],
    "Mixamo, another namespace": ["Char1:Spine2", "Char1:LeftShoulder", "Char1:RightShoulder"],
    "a namespace in a namespace": ["Scene:Bob:Chest", "Scene:Bob:LeftShoulder", "Scene:Bob:RightShoulder"],
    "Reallusion": ["CC_Base_Spine02", "CC_Base_L_Clavicle", "CC_Base_R_Clavicle"],
}


@pytest.mark.parametrize("rig", CHESTS)
def test_chest_and_shoulders(rig: str) -> None:
    parts = ("chest", "shoulder_left", "shoulder_right")
    assert find_chest(["Hips", "Char1:Spine", *CHESTS[rig]]) == dict(zip(parts, CHESTS[rig], strict=True))


def test_a_shoulder_alone_is_none_and_a_whole_name_counts_before_one_in_a_namespace() -> None:
    assert find_chest(["Char1:LeftShoulder"]) == {}
    assert find_chest(["Prop:Chest", "chest"]) == {"chest": "chest"}


def test_jaw_and_eyes_are_found_behind_a_namespace_as_the_head_is() -> None:
    names = ["Char1:Head", "Char1:Jaw", "Char1:LeftEye", "Char1:RightEye"]
    assert list(find_bones(names).values()) == ["Char1:Jaw", "Char1:LeftEye", "Char1:RightEye", "Char1:Head"]


def test_keys_of_breath_are_found_behind_a_namespace() -> None:
    assert find_breath_keys(["Breathe", "Char1:Chest_Rise", "jawOpen", "breathless"]) == ["Breathe", "Char1:Chest_Rise"]
