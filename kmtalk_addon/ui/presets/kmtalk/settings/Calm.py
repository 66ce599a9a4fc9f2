import bpy

settings = bpy.context.scene.kmtalk

settings.liveliness = 0.7
settings.strength_upper = 0.8
settings.strength_head = 0.7
settings.strength_lower = 0.9
settings.smoothing = 0.5
settings.regions = {"mouth", "upper", "eyes", "head", "chest"}
settings.blinks = True
settings.breath = True
