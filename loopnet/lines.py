"""A line for the terminal, which leaves a progress bar that is on it whole; a warning for whoever called loopnet."""

import sys
import warnings
from typing import TextIO


def say(line: str, file: TextIO | None = None) -> None:
    """Print ``line``, above the bar if there is one. There is none while nobody has imported tqdm."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(line, file=file)
    else:
        print(line, file=file)


def warn(line: str) -> None:
    """Warn of ``line``, as of the line of code outside of loopnet that led here, however far away it is."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(__package__ + "."):
        frame, level = frame.f_back, level + 1
    warnings.warn(line, stacklevel=level)
