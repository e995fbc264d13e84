# The thread's place worked out by hand, the sum in float32, a device function.
from numba import cuda, float32


@cuda.jit(device=True)
def product(image, filter, i, j, r, s):
    return filter[r, s] * image[i + r, j + s]


@cuda.jit
def cuda_conv(image, filter, out):
    i = cuda.blockIdx.y * cuda.blockDim.y + cuda.threadIdx.y
    j = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if i >= out.shape[0] or j >= out.shape[1]:
        return
    total = float32(0)
    for r in range(filter.shape[0]):
        for s in range(filter.shape[1]):
            total += product(image, filter, i, j, r, s)
    out[i, j] = total
