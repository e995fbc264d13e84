"""Which pictures there are in a folder, and of which class: each class has a folder of its own."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def class_folders(directory: str | Path) -> list[str]:
    """The names of the folders in ``directory``, sorted, without hidden ones (as ``.ipynb_checkpoints``)."""
    return sorted(entry.name for entry in os.scandir(directory) if entry.is_dir() and not entry.name.startswith("."))


def pictures(folder: str, formats: tuple[str, ...], follow_links: bool) -> list[str]:
    """The paths in ``folder``, and in folders in it, of all files whose names end in one of ``formats``: folder by
    folder, sorted. Raises ``OSError`` if it cannot be read.
    """
    with os.scandir(folder):  # os.walk passes over a folder that is not there
        walk = sorted(os.walk(folder, followlinks=follow_links))
    return [os.path.join(root, name) for root, _, names in walk for name in sorted(names)
            if name.lower().endswith(formats)]  # fmt: skip


def of_classes(
    directory: str, classes: Sequence[str], formats: tuple[str, ...], follow_links: bool
) -> list[tuple[list[str], int]]:
    """For each class its pictures, and its number."""
    return [(pictures(os.path.join(directory, name), formats, follow_links), n) for n, name in enumerate(classes)]


def numbered(found: Sequence[tuple[list[str], int]]) -> tuple[list[str], np.ndarray]:
    """All paths in one list, and beside it the classes' numbers (paths,) of int32."""
    return [path for paths, _ in found for path in paths], np.repeat(
        np.array([number for _, number in found], np.int32), [len(paths) for paths, _ in found]
    )
