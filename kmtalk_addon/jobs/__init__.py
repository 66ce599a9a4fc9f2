"""Long work inside Blender: the same job blocking in the background, or modal beside a window that stays alive."""
