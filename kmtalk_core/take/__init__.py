"""Takes: the result of one animation, all that baking, export and re-completion need."""

from .file import FORMAT, load_take, read_header, save_take
from .live_link import export_csv, import_csv
from .record import KEY_STATES, Key, Take, Track, Turn

__all__ = [
    "FORMAT", "KEY_STATES", "Key", "Take", "Track", "Turn", "export_csv", "import_csv", "load_take", "read_header",
    "save_take",
]  # fmt: skip
