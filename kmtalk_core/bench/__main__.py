import sys

from .whole import main

sys.exit(main())
