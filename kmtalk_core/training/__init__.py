"""Training: the starter on synthetic speech, the paper's configurations on captured motion."""
