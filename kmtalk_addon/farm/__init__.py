"""Many shots on many machines: what one run made of a shot, and the job type for Blender's own farm (`kmtalk.js`)."""
