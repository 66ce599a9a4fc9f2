"""Head and neck are found by name in the rigs that people have."""

import pytest

from kmtalk_core.naming.bones import find_head_bones

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
