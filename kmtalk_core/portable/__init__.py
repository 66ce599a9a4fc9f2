"""The network in NumPy alone: what runs inside Blender, and wherever the starter is asked for on a processor.

Its modules mirror those of `model`, name by name, without batches, masks and whatever is there to learn; tests hold the
two equal.  The sizes and the rules (`model.config`, `sizes`, `conditioning`, `log_mel`, `hearing`, `performance`) are
shared.  Not here: the pretrained speech encoders, which PyTorch alone runs.
"""
