"""Lanes: the memory layout of the tuned rung, and the kernels that pack and unpack it.

A vector unit wants long runs of numbers that all get the same treatment. One image of a small network has none:
its rows are short, its channels few. But a batch has many images, and pixel (i, j) of one gets the same
treatment as pixel (i, j) of the next. So a block of images is stored side by side, each in its own lane:

    images     [block][channel][row][column][lane]        image n of the batch is lane n % lanes of block n // lanes
    features   [feature][image]                           what Flatten makes of them, for the dense layers
    one number an image   [image]

Column and lane together make one contiguous run: a row of pixels of all the images. To slide a window one
column to the right is to look ``lanes`` numbers further along the run. Whatever the number of channels, the
innermost loop is hundreds of numbers long and contiguous. Rows of single-image NHWC code are 5 to 28 long; how
much this and the tiles of ``conv2d.py`` are worth together stands in benchmarks/results, from parallel to tuned.

A batch that does not fill its lanes leaves some empty: they hold zeros at the door, and a weight of 0 in the loss, so
nothing that happens in them reaches a gradient. Only batch normalisation, which looks at all images at once, would
count them: ``borders.py`` keeps them from it.
"""

from math import prod

import numpy as np
from numba import prange

u = np.uint64  # an index that cannot be negative: see conv2d.py

LANES = 32
"""Fewest lanes of a full block: two AVX-512 registers, so that a row of ten columns is a run of 320 numbers."""

REGISTER = 16
"""float32 in one of them."""

CACHE_LINE = 64


def split(batch: int) -> tuple[int, int]:
    """``(blocks, lanes)`` for a batch: from the multiples of four in 32 .. 64, the one that leaves the fewest
    lanes empty; of several, one that fills vector registers; of these, the longest that leaves work for two cores.

    Depends on nothing but the size of the batch, so that results do not depend on the number of threads.
    """
    if batch == 1:
        return 1, 1
    if batch <= LANES:
        return 1, -(-batch // 4) * 4

    def rank(lanes: int) -> tuple[int, bool, bool, int]:
        blocks = -(-batch // lanes)
        return blocks * lanes, lanes % REGISTER > 0, blocks < 2, -lanes

    lanes = min(range(LANES, 2 * LANES + 1, 4), key=rank)
    return -(-batch // lanes), lanes


def empty(shape: tuple[int, ...], dtype: np.dtype | type) -> np.ndarray:
    """Room for a tensor of that shape (batch first), aligned to a cache line: a vector load that straddles two
    costs two.
    """
    blocks, lanes = split(shape[0])
    if len(shape) == 4:
        _, height, width, channels = shape
        return aligned((blocks, channels, height, width, lanes), dtype)
    return aligned((*shape[1:], blocks * lanes), dtype)


def aligned(shape: tuple[int, ...], dtype: np.dtype | type) -> np.ndarray:
    """``numpy.empty`` that starts on a cache line."""
    size = prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def images(tensor: np.ndarray) -> int:
    """How many lanes a tensor has, empty ones included."""
    return tensor.shape[0] * tensor.shape[4] if tensor.ndim == 5 else tensor.shape[-1]


def to_host(tensor: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The tensor as a plain array of that shape: (batch, height, width, channels), (batch, features) or (batch,)."""
    if tensor.ndim == 5:
        tensor = tensor.transpose(0, 4, 2, 3, 1).reshape(images(tensor), *shape[1:])
    else:
        tensor = tensor.T
    return np.array(tensor[: shape[0]], order="C")


def gather_images(data, order, batch, pixels):
    """batch[block, c, p, lane] = data[order[n], p * channels + c] with n = block * lanes + lane; 0 where the
    batch has ended.

    p counts the pixels of an image row by row. Every write goes to another cache line, so four images write side by
    side, and ``pixels`` at a time: their lines are still in the cache when the next four write beside them.

    Reads data (images, height * width * channels) and order; overwrites batch. One turn of the parallel loop
    owns some pixels of one block.
    """
    blocks, channels, size, lanes = batch.shape
    parts = (size + pixels - 1) // pixels
    for turn in prange(blocks * parts):
        block, part = divmod(np.int64(turn), parts)
        first, last = u(part * pixels), u(min((part + 1) * pixels, size))
        full = max(0, min(lanes, order.size - block * lanes)) // 4 * 4  # lanes whose four images all exist
        for lane in range(u(0), u(full), u(4)):
            n = u(block * lanes) + lane
            n0, n1, n2, n3 = u(order[n]), u(order[n + u(1)]), u(order[n + u(2)]), u(order[n + u(3)])
            for c in range(u(channels)):
                for p in range(first, last):
                    batch[block, c, p, lane] = data[n0, p * u(channels) + c]
                    batch[block, c, p, lane + u(1)] = data[n1, p * u(channels) + c]
                    batch[block, c, p, lane + u(2)] = data[n2, p * u(channels) + c]
                    batch[block, c, p, lane + u(3)] = data[n3, p * u(channels) + c]
        for lane in range(full, lanes):
            n = block * lanes + lane
            for c in range(u(channels)):
                for p in range(first, last):
                    batch[block, c, p, u(lane)] = data[order[n], p * u(channels) + c] if n < order.size else 0


def gather_features(data, order, batch):
    """batch[k, n] = data[order[n], k]; 0 where the batch has ended.

    Reads data (images, features) and order; overwrites batch. So few numbers are not worth waking other threads for.
    """
    for n in range(batch.shape[1]):
        for k in range(batch.shape[0]):
            batch[k, n] = data[order[n], k] if n < order.size else 0


def flatten_forward(x, y):
    """y[(i * width + j) * channels + c, n] = x[block,c,i,j,lane] with n = block * lanes + lane: Keras's order
    of features.

    Reads x; overwrites y. One turn of the parallel loop owns one pixel, of all images.
    """
    blocks, channels, height, width, lanes = x.shape
    for turn in prange(height * width):
        i, j = divmod(np.int64(turn), width)
        for c in range(channels):
            feature = (i * width + j) * channels + c
            for block in range(blocks):
                for lane in range(u(lanes)):
                    y[feature, u(block * lanes) + lane] = x[block, c, i, j, lane]


def flatten_backward(dy, dx):
    """dx[block,c,i,j,lane] = dy[(i * width + j) * channels + c, n]: the same walk with the arrow turned round.

    Reads dy; overwrites dx. One turn of the parallel loop owns one pixel, of all images.
    """
    blocks, channels, height, width, lanes = dx.shape
    for turn in prange(height * width):
        i, j = divmod(np.int64(turn), width)
        for c in range(channels):
            feature = (i * width + j) * channels + c
            for block in range(blocks):
                for lane in range(u(lanes)):
                    dx[block, c, i, j, lane] = dy[feature, u(block * lanes) + lane]
