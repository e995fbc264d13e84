"""Augmentation: show a network each image as it might also have been: moved, turned, stretched, drawn by a shaky hand.

Where a new picture takes its pixels from is written down first, and the picture is made once, at the end, so that
several distortions blur it no more than one does. The list of places is the *flow*:

    pixel (i, j) of the new picture is read at row i + flow[n, 0, i, j], column j + flow[n, 1, i, j] of the old one

    affine_flow    shift, rotation, scale and shear: the same matrix for all pixels of an image
    elastic_flow   adds a field of small random steps, smoothed until neighbours move together: a hand that trembles
    warp           reads the pixels; between four of them, a mixture of the four; outside the image, what is filled in
    cutout         hides a square, so that no single part of a digit is enough to know it by
    crop_each      shows a part of each image, at a corner that it is given

Like the masks of dropout, the random numbers are not drawn in a row but worked out from where they are used: image,
pixel, step and key go through the cipher Philox. The same seed gives the same pictures for any number of threads.

    x, y  (batch, height, width, channels)     flow, noise, smooth  (batch, 2, height, width), rows then columns
    taps  (2 * radius + 1,), a Gaussian that sums to 1     all of one floating dtype; key, step: ints below 2 ** 32

Simard, Steinkraus, Platt (2003), *Best practices for convolutional neural networks applied to visual document
analysis*, section 2; DeVries, Taylor (2017) for cutout; Salmon et al. (2011) for Philox 2x32 with ten rounds.
"""

import math

from numba import prange
from numba.extending import register_jitable
from numpy import float64, int64

WORD = 0xFFFFFFFF
MULTIPLIER = 0xD256D193
WEYL = 0x9E3779B9  # the golden ratio, as every key schedule has it
HALF = 2147483648.0  # of the number of words: what turns one into a number from -1 to 1

CONSTANT, NEAREST, REFLECT, WRAP = range(4)  # what there is outside an image


@register_jitable
def noise_at(place, step, key):
    """Two words of noise, 0 to 2 ** 32 - 1, for the number ``place``. The same cipher as in ``dropout.py``."""
    left, right, round_key = int(int64(place) & WORD), step, key
    for _ in range(10):
        product = left * MULTIPLIER  # whether a sign bit of 64 appears does not matter to its two halves
        left, right = ((product >> 32) & WORD) ^ round_key ^ right, product & WORD
        round_key = (round_key + WEYL) & WORD
    return left, right


def affine_flow(flow, shift, rotation, zoom, shear, key, step):
    """flow = M (p - centre) - (p - centre) + s, with M = scale * rotation * shear and s the shift of image n.

    Each number is drawn evenly from minus to plus its limit: shift (pixels down, pixels right), rotation (radians),
    zoom (the scale is 1 + what is drawn; above 1 the picture shrinks), shear.

    Overwrites flow. One turn of the parallel loop owns one image.
    """
    batch, _, height, width = flow.shape
    for n in prange(batch):
        down, right = noise_at(3 * n, step, key)
        turn, grow = noise_at(3 * n + 1, step, key)
        lean, _ = noise_at(3 * n + 2, step, key)
        shift_row, shift_col = shift[0] * (down / HALF - 1), shift[1] * (right / HALF - 1)
        angle, scale, slant = rotation * (turn / HALF - 1), 1 + zoom * (grow / HALF - 1), shear * (lean / HALF - 1)
        cos, sin = scale * math.cos(angle), scale * math.sin(angle)
        for i in range(height):
            for j in range(width):
                row, col = i - (height - 1) / 2, j - (width - 1) / 2
                flow[n, 0, i, j] = cos * row + (cos * slant - sin) * col - row + shift_row
                flow[n, 1, i, j] = sin * row + (sin * slant + cos) * col - col + shift_col


@register_jitable
def smooth_columns(rough, smoothed, taps, width):
    """smoothed[i, j] = the sum over t of taps[t] * rough[i + t - radius, j], for an image laid out as one long row.

    A pixel's neighbour above is ``width`` numbers before it, wherever the pixel is: tap by tap, the innermost loop
    runs through the whole image, and vectorises without adding in another order.
    """
    size, radius = rough.size, taps.size // 2
    for p in range(size):
        smoothed[p] = 0
    for t in range(taps.size):
        shift = (t - radius) * width
        target, source = smoothed[max(0, -shift) :], rough[max(0, shift) :]
        for p in range(size - abs(shift)):
            target[p] += taps[t] * source[p]


def elastic_flow(noise, smooth, flow, taps, alpha, key, step):
    """flow += alpha * (Gaussian over rows and columns of random numbers from -1 to 1, two for each pixel).

    A Gaussian in two dimensions is one down the columns, then one along the rows: down the columns again, with rows
    and columns exchanged in between. Beyond the image the noise is 0.

    Reads taps; overwrites noise and smooth, which are scratch; adds to flow. One turn of the parallel loop owns one
    image.
    """
    batch, _, height, width = flow.shape
    for n in prange(batch):
        for i in range(height):
            for j in range(width):
                down, right = noise_at((n * height + i) * width + j, step, key)
                noise[n, 0, i, j] = down / HALF - 1
                noise[n, 1, i, j] = right / HALF - 1
        for axis in range(2):
            rough, smoothed = noise[n, axis].reshape(-1), smooth[n, axis].reshape(-1)
            smooth_columns(rough, smoothed, taps, width)
            for i in range(height):
                for j in range(width):
                    rough[j * height + i] = smoothed[i * width + j]
            smooth_columns(rough, smoothed, taps, height)
            for i in range(height):
                for j in range(width):
                    flow[n, axis, i, j] += alpha * smoothed[j * height + i]


@register_jitable
def inside(place, size, fill_mode):
    """The row, or column, of an image that is seen at row ``place``, which may be outside. -1: none, there is 0.

        CONSTANT    0 0 0 0 | a b c d | 0 0 0 0    -1
        NEAREST     a a a a | a b c d | d d d d    the first or the last
        REFLECT     d c b a | a b c d | d c b a    p = place % (2 * size), then the smaller of p and 2 * size - 1 - p
        WRAP        a b c d | a b c d | a b c d    place % size
    """
    if 0 <= place < size:
        return place
    if fill_mode == NEAREST:
        return min(max(place, 0), size - 1)
    if fill_mode == REFLECT:
        place %= 2 * size
        return min(place, 2 * size - 1 - place)
    if fill_mode == WRAP:
        return place % size
    return -1


def warp(x, flow, y, fill_mode):
    """y[n,i,j] = x[n] at row i + flow[n,0,i,j], column j + flow[n,1,i,j], mixed from the four pixels around.

    fill_mode: CONSTANT, NEAREST, REFLECT or WRAP, see ``inside``.

    Reads x, flow; overwrites y. One turn of the parallel loop owns one image.
    """
    batch, height, width, channels = x.shape
    for n in prange(batch):
        for i in range(height):
            for j in range(width):
                row, col = i + float64(flow[n, 0, i, j]), j + float64(flow[n, 1, i, j])
                top, left = int(math.floor(row)), int(math.floor(col))
                below, beside = row - top, col - left  # how far on the way to the next row, the next column
                top, bottom = inside(top, height, fill_mode), inside(top + 1, height, fill_mode)
                left, right = inside(left, width, fill_mode), inside(left + 1, width, fill_mode)
                for c in range(channels):
                    total = 0.0
                    if top >= 0 and left >= 0:
                        total += (1 - below) * (1 - beside) * x[n, top, left, c]
                    if top >= 0 and right >= 0:
                        total += (1 - below) * beside * x[n, top, right, c]
                    if bottom >= 0 and left >= 0:
                        total += below * (1 - beside) * x[n, bottom, left, c]
                    if bottom >= 0 and right >= 0:
                        total += below * beside * x[n, bottom, right, c]
                    y[n, i, j, c] = total


def cutout(x, y, size, key, step):
    """y = x, with 0 in a square of ``size`` pixels a side, whose middle is any pixel of the image alike.

    Reads x; overwrites y; they may be the same array. One turn of the parallel loop owns one image.
    """
    batch, height, width, channels = x.shape
    for n in prange(batch):
        down, right = noise_at(n, step, key)
        top, left = down * height // (WORD + 1) - size // 2, right * width // (WORD + 1) - size // 2
        for i in range(height):
            for j in range(width):
                hidden = top <= i < top + size and left <= j < left + size
                for c in range(channels):
                    y[n, i, j, c] = 0 if hidden else x[n, i, j, c]


def crop_each(x, corners, y):
    """y[n,i,j,c] = x[n, corners[n,0] + i, corners[n,1] + j, c]: of each image the window at a corner of its own.

    x (batch, height, width, channels); y the same or smaller; corners (batch, 2), whole numbers, rows then columns.

    Reads x, corners; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, height, width, channels = y.shape
    for n in prange(batch):
        top, left = corners[n, 0], corners[n, 1]
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    y[n, i, j, c] = x[n, top + i, left + j, c]
