"""A synthetic talking corpus: speech with exact phone times, and the face that goes with it by rule."""
