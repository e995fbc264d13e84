"""Dense layers over lanes: features are stored [feature][image], so the innermost loop runs along the batch.

Four outputs take from four inputs at a time: 16 multiply-adds for 8 loads and 4 stores. What is left over,
where four do not divide, is computed one by one. Why the loops stand where they stand: see ``conv2d.py`` beside
this file. Few images have loops of their own, in ``few_images.py``.

    x, dx  [input][image]      y, dy  [unit][image]      w, dw  (inputs, units)      b, db  (units,)
"""

import numpy as np
from numba import njit, prange

from .conv2d import FAST, u


@njit(parallel=True, cache=True, **FAST)
def dense_forward(x, w, b, y):
    """y[k,n] = b[k] + sum_c x[c,n] * w[c,k]. One turn of the parallel loop owns four units of y."""
    inputs, units = w.shape
    images = u(x.shape[1])
    for turn in prange((units + 3) // 4):
        first = 4 * np.int64(turn)
        for k in range(first, min(first + 4, units)):
            for n in range(images):
                y[k, n] = b[k]
        in_fours = inputs - inputs % 4 if first + 4 <= units else 0
        for c in range(0, in_fours, 4):
            for n in range(images):
                s0, s1, s2, s3 = y[first, n], y[first + 1, n], y[first + 2, n], y[first + 3, n]
                for q in range(4):
                    value = x[c + q, n]
                    s0 += value * w[c + q, first]
                    s1 += value * w[c + q, first + 1]
                    s2 += value * w[c + q, first + 2]
                    s3 += value * w[c + q, first + 3]
                y[first, n], y[first + 1, n], y[first + 2, n], y[first + 3, n] = s0, s1, s2, s3
        for k in range(first, min(first + 4, units)):
            for c in range(in_fours, inputs):
                for n in range(images):
                    y[k, n] += x[c, n] * w[c, k]


@njit(cache=True, **FAST)
def dense_forward_one_image(x, w, b, y):
    """One image has no lanes to run along: here the innermost loop runs along the units. x is (inputs,), y is
    (units,).
    """
    for k in range(u(y.size)):
        y[k] = b[k]
    for c in range(u(x.size)):
        for k in range(u(y.size)):
            y[k] += x[c] * w[c, k]


@njit(parallel=True, cache=True, **FAST)
def dense_backward_input(dy, w, dx):
    """dx[c,n] = sum_k dy[k,n] * w[c,k]. One turn of the parallel loop owns four inputs of dx."""
    inputs, units = w.shape
    images = u(dx.shape[1])
    for turn in prange((inputs + 3) // 4):
        first = 4 * np.int64(turn)
        for c in range(first, min(first + 4, inputs)):
            for n in range(images):
                dx[c, n] = 0
        in_fours = units - units % 4 if first + 4 <= inputs else 0
        for k in range(0, in_fours, 4):
            for n in range(images):
                s0, s1, s2, s3 = dx[first, n], dx[first + 1, n], dx[first + 2, n], dx[first + 3, n]
                for q in range(4):
                    gradient = dy[k + q, n]
                    s0 += gradient * w[first, k + q]
                    s1 += gradient * w[first + 1, k + q]
                    s2 += gradient * w[first + 2, k + q]
                    s3 += gradient * w[first + 3, k + q]
                dx[first, n], dx[first + 1, n], dx[first + 2, n], dx[first + 3, n] = s0, s1, s2, s3
        for c in range(first, min(first + 4, inputs)):
            for k in range(in_fours, units):
                for n in range(images):
                    dx[c, n] += dy[k, n] * w[c, k]


@njit(parallel=True, cache=True, **FAST)
def dense_backward_weights(dy, x, dw, db):
    """dw[c,k] = sum_n dy[k,n] * x[c,n];  db[k] = sum_n dy[k,n].

    Two units by four inputs at a time: eight sums in registers, and each of 6 loads is used in 8 multiply-adds.
    One turn of the parallel loop owns four inputs c of dw; the last one owns db.
    """
    inputs, units = dw.shape
    images = u(dy.shape[1])
    turns = (inputs + 3) // 4
    zero = dw.dtype.type(0)
    for turn in prange(turns + 1):
        first = 4 * np.int64(turn)
        if first >= inputs:
            for k in range(units):
                total = zero
                for n in range(images):
                    total += dy[k, n]
                db[k] = total
        in_twos = units - units % 2 if first + 4 <= inputs else 0
        for k in range(0, in_twos, 2):
            s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = zero
            for n in range(images):
                p, q = dy[k, n], dy[k + 1, n]
                s0 += p * x[first, n]
                s1 += p * x[first + 1, n]
                s2 += p * x[first + 2, n]
                s3 += p * x[first + 3, n]
                t0 += q * x[first, n]
                t1 += q * x[first + 1, n]
                t2 += q * x[first + 2, n]
                t3 += q * x[first + 3, n]
            dw[first, k], dw[first + 1, k], dw[first + 2, k], dw[first + 3, k] = s0, s1, s2, s3
            dw[first, k + 1], dw[first + 1, k + 1], dw[first + 2, k + 1], dw[first + 3, k + 1] = t0, t1, t2, t3
        for c in range(first, min(first + 4, inputs)):
            for k in range(in_twos, units):
                total = zero
                for n in range(images):
                    total += dy[k, n] * x[c, n]
                dw[c, k] = total
