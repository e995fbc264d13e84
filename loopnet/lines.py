"""A line for the terminal, which leaves a progress bar that is on it whole."""

import sys


def say(line: str) -> None:
    """Print ``line``, above the bar if there is one. There is none while nobody has imported tqdm."""
    if "tqdm" in sys.modules:
        from tqdm import tqdm

        tqdm.write(line)
    else:
        print(line)
