# Zeros are stored after all, in an array of its own.
import numpy as np


def padded_conv(image, filter, out):
    height, width = image.shape
    rows, columns = filter.shape
    wide = np.zeros((height + rows - 1, width + columns - 1), dtype=image.dtype)
    wide[rows // 2 : rows // 2 + height, columns // 2 : columns // 2 + width] = image
    for i in range(height):
        for j in range(width):
            out[i, j] = 0
            for r in range(rows):
                for s in range(columns):
                    out[i, j] += filter[r, s] * wide[i + r, j + s]
    return out.copy()
