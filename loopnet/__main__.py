"""``python -m loopnet`` does what the ``loopnet`` command does."""

from .cli import main

raise SystemExit(main())
