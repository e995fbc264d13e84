"""Dense layers over lanes: features are stored [feature][image], so the innermost loop runs along the batch.

Four outputs are computed from four inputs at a time: 16 multiply-adds for 8 loads and 4 stores. What is left
over, where four do not divide, is computed one by one.

    x, dx  [input][image]      y, dy  [unit][image]      w, dw  (inputs, units)      b, db  (units,)
"""

import numpy as np
from numba import njit, prange

from .conv2d import FAST, u


@njit(fastmath=FAST, forceinline=True)
def add_products(y0, y1, y2, y3, x, c, w, k, four):
    """y0 .. y3 += x[c + q] * w[c + q, k .. k+3], summed over ``len(four)`` inputs q."""
    for n in range(u(y0.size)):
        s0, s1, s2, s3 = y0[n], y1[n], y2[n], y3[n]
        for q in range(len(four)):
            value = x[c + q, n]
            s0 += value * w[c + q, k]
            s1 += value * w[c + q, k + 1]
            s2 += value * w[c + q, k + 2]
            s3 += value * w[c + q, k + 3]
        y0[n], y1[n], y2[n], y3[n] = s0, s1, s2, s3


@njit(parallel=True, fastmath=FAST, cache=True)
def dense_forward(x, w, b, y):
    """y = w^T x + b. One turn of the parallel loop owns four units of y."""
    inputs, units = w.shape
    for tile in prange((units + 3) // 4):
        first = 4 * np.int64(tile)
        for k in range(first, min(first + 4, units)):
            for n in range(y.shape[1]):
                y[k, n] = b[k]
        if first + 4 <= units:
            c = 0
            while c + 4 <= inputs:
                add_products(y[first], y[first + 1], y[first + 2], y[first + 3], x, c, w, first, (0, 0, 0, 0))
                c += 4
            while c < inputs:
                add_products(y[first], y[first + 1], y[first + 2], y[first + 3], x, c, w, first, (0,))
                c += 1
        else:
            for k in range(first, units):
                for c in range(inputs):
                    for n in range(y.shape[1]):
                        y[k, n] += x[c, n] * w[c, k]


@njit(parallel=True, fastmath=FAST, cache=True)
def dense_backward_input(dy, w, dx):
    """dx = w dy. One turn of the parallel loop owns four inputs of dx."""
    inputs, units = w.shape
    transposed = w.T
    for tile in prange((inputs + 3) // 4):
        first = 4 * np.int64(tile)
        for c in range(first, min(first + 4, inputs)):
            for n in range(dx.shape[1]):
                dx[c, n] = 0
        if first + 4 <= inputs:
            k = 0
            while k + 4 <= units:
                add_products(
                    dx[first], dx[first + 1], dx[first + 2], dx[first + 3], dy, k, transposed, first, (0, 0, 0, 0)
                )
                k += 4
            while k < units:
                add_products(dx[first], dx[first + 1], dx[first + 2], dx[first + 3], dy, k, transposed, first, (0,))
                k += 1
        else:
            for c in range(first, inputs):
                for k in range(units):
                    for n in range(dx.shape[1]):
                        dx[c, n] += dy[k, n] * w[c, k]


@njit(parallel=True, fastmath=FAST, cache=True)
def dense_backward_weights(dy, x, dw, db):
    """dw = x dy^T, db = sum over images of dy. One turn of the parallel loop owns four inputs c of dw; the last
    one owns db.

    Two units by four inputs at a time: eight sums in registers, and each of 6 loads is used in 8 multiply-adds.
    """
    inputs, units = dw.shape
    tiles = (inputs + 3) // 4
    zero = dw.dtype.type(0)
    for tile in prange(tiles + 1):
        first = 4 * np.int64(tile)
        if tile == tiles:
            for k in range(units):
                total = zero
                for n in range(dy.shape[1]):
                    total += dy[k, n]
                db[k] = total
        elif first + 4 <= inputs and units % 2 == 0:
            c = int(first)
            for k in range(0, units, 2):
                s0 = s1 = s2 = s3 = t0 = t1 = t2 = t3 = zero
                for n in range(u(dy.shape[1])):
                    p, q = dy[k, n], dy[k + 1, n]
                    s0 += p * x[c, n]
                    s1 += p * x[c + 1, n]
                    s2 += p * x[c + 2, n]
                    s3 += p * x[c + 3, n]
                    t0 += q * x[c, n]
                    t1 += q * x[c + 1, n]
                    t2 += q * x[c + 2, n]
                    t3 += q * x[c + 3, n]
                dw[c, k], dw[c + 1, k], dw[c + 2, k], dw[c + 3, k] = s0, s1, s2, s3
                dw[c, k + 1], dw[c + 1, k + 1], dw[c + 2, k + 1], dw[c + 3, k + 1] = t0, t1, t2, t3
        else:
            for c in range(first, min(first + 4, inputs)):
                for k in range(units):
                    total = zero
                    for n in range(dy.shape[1]):
                        total += dy[k, n] * x[c, n]
                    dw[c, k] = total
