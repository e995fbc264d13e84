"""Windows as views of a padded copy, with as many axes as the image; and gradients laid back where they stood."""

import math
from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def same_padding(size, window, stride):
    """TensorFlow's "same" along one axis: (output size, zeros before, zeros after).

    The output has ceil(size / stride) elements; an odd zero goes after the last element.
    """
    out = -(-size // stride)
    total = max((out - 1) * stride + window - size, 0)
    return out, total // 2, total - total // 2


def spread(window, dilation):
    """How many places a window of taps `dilation` apart covers, axis by axis."""
    return tuple((w - 1) * d + 1 for w, d in zip(window, dilation, strict=True))


def framed(x, covers, stride, pad, size, fill):
    """x with `fill` around it, as large as `size` windows that cover `covers` need: smaller than x if they leave a
    rest.
    """
    spans = [(n - 1) * step + cover for n, step, cover in zip(size, stride, covers, strict=True)]
    after = [max(span - before - n, 0) for span, before, n in zip(spans, pad, x.shape[1:-1], strict=True)]
    frame = [(0, 0), *zip(pad, after, strict=True), (0, 0)]
    return np.pad(x, frame, constant_values=fill)[(slice(None), *map(slice, spans))]


def windows_of(x, window, stride, dilation, pad, size, fill):
    """All windows as one array: (batch, the output's axes, channels, the window's axes)."""
    covers = spread(window, dilation)
    views = sliding_window_view(framed(x, covers, stride, pad, size, fill), covers, axis=tuple(range(1, x.ndim - 1)))
    steps, taps = (tuple(slice(None, None, step) for step in steps) for steps in (stride, dilation))
    return views[(slice(None), *steps, slice(None), *taps)]


def lay_back(taps, shape, window, stride, dilation, pad):
    """Every window's gradients, (batch, out.., channels, window..), added up where the windows stood."""
    size = taps.shape[1:4]
    spans = [(size[a] - 1) * stride[a] + spread(window, dilation)[a] for a in range(3)]
    frame = np.zeros((shape[0], *(max(spans[a], pad[a] + shape[1 + a]) for a in range(3)), shape[4]))
    for q, r, s in np.ndindex(*window):
        starts = [tap * dilation[a] for a, tap in enumerate((q, r, s))]
        places = [slice(starts[a], starts[a] + (size[a] - 1) * stride[a] + 1, stride[a]) for a in range(3)]
        frame[:, places[0], places[1], places[2]] += taps[..., q, r, s]
    inside = [slice(pad[a], pad[a] + shape[1 + a]) for a in range(3)]
    return frame[:, inside[0], inside[1], inside[2]]


def zero_pad(x, pad, size):
    frame = [(0, 0), *((pad[a], size[a] - pad[a] - x.shape[1 + a]) for a in range(3)), (0, 0)]
    return np.pad(np.asarray(x, np.float64), frame)


def upsample(x, dy, size):
    """(y, dx) in double precision."""
    batch, height, width, channels = x.shape
    y = np.asarray(x, np.float64).repeat(size[0], axis=1).repeat(size[1], axis=2)
    return y, np.asarray(dy, np.float64).reshape(batch, height, size[0], width, size[1], channels).sum(axis=(2, 4))


def resize(x, dy, how):
    """(y, dx) in double precision, as products with the matrices that make new rows of old ones, and columns."""
    rows, columns = (shares(x.shape[axis], dy.shape[axis], how) for axis in (1, 2))
    x, dy = (np.asarray(a, np.float64) for a in (x, dy))
    return np.einsum("ir,nrsc,js->nijc", rows, x, columns), np.einsum("ir,nijc,js->nrsc", rows, dy, columns)


def shares(old, new, how):
    """(new, old): how much of each old row there is in each new one. Places as fractions, which are exact."""
    matrix = np.zeros((new, old))
    for i in range(new):
        place = Fraction(2 * i + 1, 2) * Fraction(old, new)
        if how == "nearest":
            matrix[i, math.floor(place)] = 1
            continue
        place = min(max(place - Fraction(1, 2), Fraction(0)), Fraction(old - 1))
        before, after = math.floor(place), math.ceil(place)
        matrix[i, before] += float(1 - (place - before))
        matrix[i, after] += float(place - before)
    return matrix
