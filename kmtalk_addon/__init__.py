"""KMTalk inside Blender.  The only package that imports `bpy`; it never imports PyTorch."""
