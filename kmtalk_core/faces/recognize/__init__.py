"""What a face is made of: naming schemes of shape keys, and where eyes, nose and mouth are on a bare mesh."""
