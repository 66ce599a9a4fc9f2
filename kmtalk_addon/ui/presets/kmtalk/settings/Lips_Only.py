import bpy

settings = bpy.context.scene.kmtalk

settings.regions = {"mouth"}
settings.strength_lower = 1.0
settings.smoothing = 0.0
settings.blinks = False
settings.breath = False
