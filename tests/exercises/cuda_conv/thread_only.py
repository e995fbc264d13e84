# The block is forgotten.
# says: thread (0, 0, 0) of block
from numba import cuda


@cuda.jit
def cuda_conv(image, filter, out):
    j, i = cuda.threadIdx.x, cuda.threadIdx.y
    if i < out.shape[0] and j < out.shape[1]:
        total = out.dtype.type(0)
        for r in range(filter.shape[0]):
            for s in range(filter.shape[1]):
                total += filter[r, s] * image[i + r, j + s]
        out[i, j] = total
