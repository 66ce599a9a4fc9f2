"""The sounds of a scene: strips and files, and what is heard of them."""
