# The largest starts below everything; the window is walked in one loop.
import numpy as np


def max_pool(input, out, in_width, in_height, out_width, out_height, kernel_dim, stride):
    for i, j in np.ndindex(out_height, out_width):
        largest = -np.inf
        for place in range(kernel_dim**2):
            r, s = divmod(place, kernel_dim)
            largest = max(largest, input[i * stride + r][j * stride + s])
        out[i, j] = largest
