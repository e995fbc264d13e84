# A plain function.
# says: not a CUDA kernel; @cuda.jit
from numba import cuda


def cuda_conv(image, filter, out):
    j, i = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        total = out.dtype.type(0)
        for r in range(filter.shape[0]):
            for s in range(filter.shape[1]):
                total += filter[r, s] * image[i + r, j + s]
        out[i, j] = total
