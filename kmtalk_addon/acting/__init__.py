"""A face that follows a voice in the viewport while it is spoken: nothing is keyed, and all is put back at the end."""
