"""``kernels/augment.py`` on a GPU: one thread for each number of the flow, or of the new picture.

Shapes, formulas and the random numbers are those of :mod:`loopnet.kernels.augment`; sines, floors and mixtures are
taken in the arrays' own dtype. On the CPU one image's elastic distortion is one loop after another; here every pixel
needs what its neighbours' threads have written, so that each step is a kernel of its own: the next one starts when
all threads of the one before have ended.
"""

import math

from ...kernels.augment import HALF, WORD
from ...kernels.augment import inside as inside_in_python
from ..device import cuda
from ..launch import one_thread_per
from ..place import place4
from .noise import noise_at

inside = cuda.jit(device=True)(inside_in_python)


@cuda.jit(device=True)
def cos_and_sin(angle, like):
    """By their power series, in the dtype of the array ``like``, for an angle of up to a full turn.

    The library's functions can take any angle, and for those of a million radians they keep arrays in memory and
    multiply in double precision.
    """
    cos = cos_term = like.dtype.type(1)
    sin = sin_term = angle
    for m in range(1, 20):
        cos_term *= -angle * angle / like.dtype.type((2 * m - 1) * (2 * m))
        sin_term *= -angle * angle / like.dtype.type((2 * m) * (2 * m + 1))
        cos += cos_term
        sin += sin_term
    return cos, sin


@one_thread_per("flow")
@cuda.jit
def affine_flow_of_pixels(flow, most_down, most_right, rotation, zoom, shear, key, step):
    """flow = M (p - centre) - (p - centre) + s. Overwrites flow. One thread owns one number of it."""
    batch, _, height, width = flow.shape
    one, two, half = flow.dtype.type(1), flow.dtype.type(2), flow.dtype.type(HALF)
    t = cuda.grid(1)
    if t < flow.size:
        n, axis, i, j = place4(t, flow.shape)
        down, right = noise_at(3 * n, step, key)
        turn, grow = noise_at(3 * n + 1, step, key)
        lean, _ = noise_at(3 * n + 2, step, key)
        angle = rotation * (flow.dtype.type(turn) / half - one)
        scale = one + zoom * (flow.dtype.type(grow) / half - one)
        slant = shear * (flow.dtype.type(lean) / half - one)
        cos, sin = cos_and_sin(angle, flow)
        cos, sin = scale * cos, scale * sin
        row = flow.dtype.type(i) - flow.dtype.type(height - 1) / two
        col = flow.dtype.type(j) - flow.dtype.type(width - 1) / two
        if axis == 0:
            shift = most_down * (flow.dtype.type(down) / half - one)
            flow[n, 0, i, j] = cos * row + (cos * slant - sin) * col - row + shift
        else:
            shift = most_right * (flow.dtype.type(right) / half - one)
            flow[n, 1, i, j] = sin * row + (sin * slant + cos) * col - col + shift


def affine_flow(flow, shift, rotation, zoom, shear, key, step):
    """Shift, rotation, scale and shear, the same for all pixels of an image."""
    affine_flow_of_pixels(flow, shift[0], shift[1], rotation, zoom, shear, key, step)


@one_thread_per("noise")
@cuda.jit
def draw_noise(noise, key, step):
    """noise[n, axis, i, j]: even between -1 and 1. Overwrites noise."""
    batch, _, height, width = noise.shape
    t = cuda.grid(1)
    if t < noise.size:
        n, axis, i, j = place4(t, noise.shape)
        down, right = noise_at((n * height + i) * width + j, step, key)
        word = down if axis == 0 else right
        noise[n, axis, i, j] = noise.dtype.type(word) / noise.dtype.type(HALF) - noise.dtype.type(1)


@one_thread_per("smooth")
@cuda.jit
def smooth_down_columns(noise, taps, smooth):
    """smooth[i, j] = sum_t taps[t] * noise[i + t - radius, j]. Reads noise, taps; overwrites smooth."""
    batch, _, height, width = noise.shape
    radius = taps.size // 2
    t = cuda.grid(1)
    if t < smooth.size:
        n, axis, i, j = place4(t, smooth.shape)
        total = smooth.dtype.type(0)
        for tap in range(max(0, radius - i), min(taps.size, height + radius - i)):
            total += taps[tap] * noise[n, axis, i + tap - radius, j]
        smooth[n, axis, i, j] = total


@one_thread_per("flow")
@cuda.jit
def add_smoothed_rows(smooth, taps, flow, alpha):
    """flow[i, j] += alpha * sum_t taps[t] * smooth[i, j + t - radius]. Reads smooth, taps; changes flow."""
    batch, _, height, width = flow.shape
    radius = taps.size // 2
    t = cuda.grid(1)
    if t < flow.size:
        n, axis, i, j = place4(t, flow.shape)
        total = flow[n, axis, i, j]
        for tap in range(max(0, radius - j), min(taps.size, width + radius - j)):
            total += alpha * taps[tap] * smooth[n, axis, i, j + tap - radius]
        flow[n, axis, i, j] = total


def elastic_flow(noise, smooth, flow, taps, alpha, key, step):
    """flow += alpha * (Gaussian over rows and columns of random numbers from -1 to 1), in three steps."""
    draw_noise(noise, key, step)
    smooth_down_columns(noise, taps, smooth)
    add_smoothed_rows(smooth, taps, flow, alpha)


@one_thread_per("y")
@cuda.jit
def warp(x, flow, y, fill_mode):
    """y[n,i,j] = x[n] at row i + flow[n,0,i,j], column j + flow[n,1,i,j]. Reads x, flow; overwrites y."""
    batch, height, width, channels = x.shape
    one = y.dtype.type(1)
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        row, col = y.dtype.type(i) + flow[n, 0, i, j], y.dtype.type(j) + flow[n, 1, i, j]
        top, left = int(math.floor(row)), int(math.floor(col))
        below, beside = row - y.dtype.type(top), col - y.dtype.type(left)
        top, bottom = inside(top, height, fill_mode), inside(top + 1, height, fill_mode)
        left, right = inside(left, width, fill_mode), inside(left + 1, width, fill_mode)
        total = y.dtype.type(0)
        if top >= 0 and left >= 0:
            total += (one - below) * (one - beside) * x[n, top, left, c]
        if top >= 0 and right >= 0:
            total += (one - below) * beside * x[n, top, right, c]
        if bottom >= 0 and left >= 0:
            total += below * (one - beside) * x[n, bottom, left, c]
        if bottom >= 0 and right >= 0:
            total += below * beside * x[n, bottom, right, c]
        y[n, i, j, c] = total


@one_thread_per("y")
@cuda.jit
def cutout(x, y, size, key, step):
    """y = x, with 0 in a square of ``size`` pixels a side. Reads x; overwrites y; they may be the same array."""
    batch, height, width, channels = x.shape
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        down, right = noise_at(n, step, key)
        top, left = down * height // (WORD + 1) - size // 2, right * width // (WORD + 1) - size // 2
        hidden = top <= i < top + size and left <= j < left + size
        if hidden:
            y[n, i, j, c] = 0
        else:
            y[n, i, j, c] = x[n, i, j, c]


@one_thread_per("y")
@cuda.jit
def crop_each(x, corners, y):
    """y[n,i,j,c] = x[n, corners[n,0] + i, corners[n,1] + j, c]. Reads x, corners; overwrites y."""
    t = cuda.grid(1)
    if t < y.size:
        n, i, j, c = place4(t, y.shape)
        y[n, i, j, c] = x[n, corners[n, 0] + i, corners[n, 1] + j, c]
