"""``python -m hpotutor`` is the command ``hpotutor``."""

import sys

from hpotutor.cli import main

sys.exit(main())
