# NumPy's maximum of a slice.
# says: uses .max
def max_pool(input, out, in_width, in_height, out_width, out_height, kernel_dim, stride):
    for y in range(out_height):
        for x in range(out_width):
            window = input[y * stride : y * stride + kernel_dim, x * stride : x * stride + kernel_dim]
            out[y, x] = window.max()
