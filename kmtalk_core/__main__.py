"""`python -m kmtalk_core`."""

import sys


def main() -> int:
    """The command line; Ctrl-C while it is still being loaded ends it as quietly as later."""
    try:
        from .cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
