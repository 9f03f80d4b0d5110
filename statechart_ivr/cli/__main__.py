"""``python -m statechart_ivr.cli``."""

import sys

from statechart_ivr.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
