"""``python -m benchmarks`` is ``loopnet bench``."""

import sys

from loopnet.cli import main

sys.exit(main(["bench", *sys.argv[1:]]))
