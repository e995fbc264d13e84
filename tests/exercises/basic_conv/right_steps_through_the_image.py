# Loops over the image's pixels, and lists of products.
from __future__ import annotations

import numpy as np


def at(image: np.ndarray, filter: np.ndarray, top: int, left: int) -> float:
    window = [row[left : left + len(filter)] for row in image[top : top + len(filter)]]
    return sum(p * f for row, weights in zip(window, filter) for p, f in zip(row, weights))


def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    for top in range(0, in_height - filter_dim + 1, stride):
        for left in range(0, in_width - filter_dim + 1, stride):
            out[top // stride][left // stride] = at(image, filter, top, left)
    return out
