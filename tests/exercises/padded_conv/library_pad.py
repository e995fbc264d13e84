# np.pad stores the zeros.
# says: np.pad
import numpy as np


def padded_conv(image, filter, out):
    rows, columns = filter.shape
    padded = np.pad(image, ((rows // 2, rows // 2), (columns // 2, columns // 2)))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            for r in range(rows):
                for s in range(columns):
                    total += filter[r, s] * padded[i + r, j + s]
            out[i, j] = total
