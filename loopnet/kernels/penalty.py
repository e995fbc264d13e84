"""What a network pays for the size of its weights: a penalty that is added to its loss.

    penalty = l1 * sum_i |w[i]| + l2 * sum_i w[i]**2

A weight that the images do not ask for costs more than it brings, and shrinks: with l2 by a share of itself at each
step of gradient descent, so that many small weights remain; with l1 by the same amount whatever its size, so that few
weights remain and the others end at about 0.

    w, dw   (parameters,)         l1 and l2 have the dtype of w

l2: weight decay, Krogh, Hertz (1991), *A simple weight decay can improve generalization*; l1: Tibshirani (1996),
*Regression shrinkage and selection via the lasso*. The factors are Keras's, without the 1/2 of many papers.
"""

from numba import prange

SHARE = 1024
"""Weights that are added up by themselves, and by one owner: their sums have the same bits on any number of cores."""


def weight_penalty_forward(w, penalty, l1, l2):
    """penalty[j] = l1 * sum_i |w[i]| + l2 * sum_i w[i]**2  over the SHARE weights from number SHARE * j on.

    penalty: (shares,), as many as it takes. The penalty of all weights is the sum of it.

    Reads w; overwrites penalty. One turn of the parallel loop owns one share.
    """
    for j in prange(penalty.size):
        total = w.dtype.type(0)
        for i in range(SHARE * j, min(SHARE * (j + 1), w.size)):
            total += l1 * abs(w[i]) + l2 * w[i] * w[i]
        penalty[j] = total


def weight_penalty_backward(w, dw, l1, l2):
    """dw[i] += l1 * sign(w[i]) + 2 * l2 * w[i]: the penalty's gradient, on top of what the images ask for. At 0, where
    |w| has a corner, its slope is taken for 0.

    Reads w; adds to dw. One turn of the parallel loop owns one weight.
    """
    two = w.dtype.type(2)
    for i in prange(w.size):
        dw[i] += two * l2 * w[i]
        if w[i] > 0:
            dw[i] += l1
        elif w[i] < 0:
            dw[i] -= l1
