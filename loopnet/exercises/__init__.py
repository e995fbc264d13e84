"""Exercises: write the loop yourself, and have it checked.

    from loopnet.exercises import check
    check("basic_conv", my_function)        # in a notebook; prints what is right or wrong, and is true if it passed

    loopnet check                           # lists the exercises
    loopnet check basic_conv                # the task and a file to start from
    loopnet check basic_conv my_conv.py     # the file defines a function basic_conv

==========================  ===================================================================================
exercise                    the function to write
==========================  ===================================================================================
convolve_pixel              (image, filter, row, column) -> number: one stop of the window, by hand
basic_conv                  the article's loop: image, out, in_width, in_height, out_width, out_height, filter,
                            filter_dim, stride
strided_conv                (image, filter, out, stride): its own step down and across, rectangular filters
padded_conv                 (image, filter, out): "same" padding without storing a zero
max_pool                    the article's pooling: input, out, in_width, in_height, out_width, out_height,
                            kernel_dim, stride
average_pool                (image, out, window, stride)
max_pool2d_forward          (x, y, winner, window, stride, pad): channels, padding, and where the largest stood
conv_shape                  (height, width, channels, filters, window, stride, pad) -> (rows, columns, maps, parameters)
conv2d_forward              (x, w, b, y, stride, pad): batch, channels and filters
relu_forward                (x, y)
relu_backward               (dy, y, dx)
max_pool2d_backward         (dy, winner, dx, window, stride, pad)
conv2d_backward_weights     (dy, x, dw, db, stride, pad)
conv2d_backward_input       (dy, w, dx, stride, pad)
dense_forward               (x, w, b, y)
dense_backward_weights      (dy, x, dw, db)
softmax_cross_entropy       (logits, targets, weight, losses, dlogits), safe for large logits
sgd_update                  (w, dw, velocity, learning_rate, momentum, nesterov)
adam_update                 (w, dw, m, v, learning_rate, beta1, beta2, epsilon, correction1, correction2)
parallel_backward_weights   conv2d_backward_weights with prange, and no race
vector_dense                dense_forward in an order of loops that fills the vector unit
cuda_conv                   (image, filter, out): a CUDA kernel, one thread an output, run in the simulator
==========================  ===================================================================================
"""

import sys
from collections.abc import Callable
from pathlib import Path

from .catalogue import EXERCISES, find
from .checking import TIME_LIMIT, Verdict, grade

__all__ = ["EXERCISES", "Verdict", "check", "grade", "starter"]


def check(
    exercise: str, submission: Callable | str | Path, *, seed: int | None = None, time_limit: float = TIME_LIMIT
) -> Verdict:
    """Check a function, or a file that defines it, and print a verdict; the verdict is true if the exercise is passed.

    The code runs in a process of its own, on cases drawn anew each time. ``seed``: the cases of an earlier verdict once
    more. ``time_limit``: seconds for one case. ``check(...).train()`` then trains LeNet-5 with the loop.

    Raises ``ValueError`` for an unknown exercise or for something that is not a function, ``OSError`` for a file that
    cannot be read.
    """
    verdict = grade(find(exercise), submission, seed, time_limit)
    print(verdict)
    sys.stdout.flush()
    return verdict


def starter(exercise: str) -> str:
    """The task in words, as the file to start from."""
    return find(exercise).starter
