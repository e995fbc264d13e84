# The filter in shared memory, and threads that wait for each other.
import numba
from numba import cuda


@cuda.jit
def cuda_conv(image, filter, out):
    held = cuda.shared.array((8, 8), numba.float32)
    rows, columns = filter.shape
    for place in range(cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x, rows * columns, cuda.blockDim.x * cuda.blockDim.y):
        held[place // columns, place % columns] = filter[place // columns, place % columns]
    cuda.syncthreads()
    j, i = cuda.grid(2)
    if i < out.shape[0] and j < out.shape[1]:
        total = numba.float32(0)
        for r in range(rows):
            for s in range(columns):
                total += held[r, s] * image[i + r, j + s]
        out[i, j] = total
