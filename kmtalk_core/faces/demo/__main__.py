"""`python -m kmtalk_core.faces.demo` writes the demo head's file anew, after its code was changed."""

from .head import demo_head
from .stored import PATH, save_head

if __name__ == "__main__":
    save_head(demo_head())
    print(f"{PATH} ({PATH.stat().st_size / 1e6:.2f} MB)")
