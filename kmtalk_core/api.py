"""What a program that carries the core inside itself, as the extension for Blender does, uses of it: one list."""

from . import __version__ as version
from . import (
    animate,
    audio,
    calibration,
    client,
    drives,
    edits,
    errors,
    files,
    jobs,
    progress,
    reshaping,
    schema,
    settings,
    take,
    textgrid,
    transcript,
    verbs,
)
from .alignment import Phone
from .drives import bones, chest, expressions, face_rules, solved, turns, vertices
from .drives import poses as pose_drives
from .drives import properties as property_drives
from .edits import events as event_edits
from .events import Event
from .faces import drawing, poses
from .faces import files as face_files
from .faces.demo import load_head
from .motion import arkit, curves, mesh, spaces, topology
from .naming import bones as body_bones
from .naming import effects, face_bones, guesses, retarget
from .naming import recognize as naming
from .stream import inside as live
from .training import calibrate as learning
