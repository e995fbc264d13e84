"""A line for the terminal, which leaves a progress bar that is on it whole."""

import sys
from typing import TextIO


def say(line: str, file: TextIO | None = None) -> None:
    """Print ``line``, above the bar if there is one. There is none while nobody has imported tqdm."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(line, file=file)
    else:
        print(line, file=file)
