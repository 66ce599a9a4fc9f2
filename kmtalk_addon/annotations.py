"""Names of Blender's types for annotations alone: a running Blender has no such names."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from bpy.stub_internal import rna_enums

    Done: TypeAlias = set[rna_enums.OperatorReturnItems]
    Options: TypeAlias = set[rna_enums.OperatorTypeFlagItems]
    Region: TypeAlias = rna_enums.RegionTypeItems
else:
    Done = Options = set
    Region = str
