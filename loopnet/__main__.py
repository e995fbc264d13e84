"""``python -m loopnet``: the ``loopnet`` command."""

import sys

from .cli import main

sys.exit(main())
