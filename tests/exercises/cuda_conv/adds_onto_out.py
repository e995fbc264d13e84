# An output is taken for an array of zeros.
# says: read before anything was written
from numba import cuda


@cuda.jit
def cuda_conv(image, filter, out):
    j, i = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        for r in range(filter.shape[0]):
            for s in range(filter.shape[1]):
                out[i, j] += filter[r, s] * image[i + r, j + s]
