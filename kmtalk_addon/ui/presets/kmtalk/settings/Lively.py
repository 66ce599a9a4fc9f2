import bpy

settings = bpy.context.scene.kmtalk

settings.liveliness = 1.5
settings.strength_upper = 1.2
settings.strength_head = 1.2
settings.strength_lower = 1.1
settings.smoothing = 0.0
settings.regions = {"mouth", "upper", "eyes", "head", "chest"}
settings.blinks = True
settings.breath = True
