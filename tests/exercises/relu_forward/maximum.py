# np.maximum of the whole array.
# says: np.maximum
import numpy as np


def relu_forward(x, y):
    y[:] = np.maximum(x, 0)
