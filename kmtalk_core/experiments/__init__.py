"""What the paper shows, made anew on any data set: parts taken out, localizations changed, the scheme on others.

Needs PyTorch and accelerate.
"""
