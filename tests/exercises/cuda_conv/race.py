# All threads of a row add to its cells.
# says: a race; thread
from numba import cuda


@cuda.jit
def cuda_conv(image, filter, out):
    j, i = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        out[i, 0] = 0
        for r in range(filter.shape[0]):
            for s in range(filter.shape[1]):
                out[i, 0] += filter[r, s] * image[i + r, j + s]
        out[i, j] = out[i, 0]
