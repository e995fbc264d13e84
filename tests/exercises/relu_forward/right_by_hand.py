# A number times whether it is positive; y.flat.
import numpy as np


def relu_forward(x, y):
    for i, value in enumerate(x.flat):
        y.flat[i] = value * np.float32(value > 0)
    return y
