from numba import cuda


@cuda.jit
def cuda_conv(image, filter, out):
    """A CUDA kernel: every thread computes one output. Stride 1, no padding, float32.

    image   (height, width), to read
    filter  (rows, columns), to read; not always square
    out     (height - rows + 1, width - columns + 1), to write every cell of

    out[i, j] = sum over r, s of  filter[r, s] * image[i + r, j + s]

    The grid has two axes: x runs along the columns of out, y along its rows, so  j, i = cuda.grid(2).  Blocks come in
    whole numbers: there are threads beyond the last row and column, which have nothing to do.

    It runs in Numba's simulator (NUMBA_ENABLE_CUDASIM=1), which needs no GPU.
    """
    ...  # your loop
