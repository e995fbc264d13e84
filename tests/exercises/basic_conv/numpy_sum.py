# np.sum does the loop.
# says: line 9 uses np.sum; write the loop itself
import numpy as np


def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    for y in range(out_height):
        for x in range(out_width):
            out[y, x] = np.sum(image[y * stride :, x * stride :][:filter_dim, :filter_dim] * filter)
