# The array's own method does the loop.
# says: the numbers are right, but line; whole arrays
def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    for y in range(out_height):
        for x in range(out_width):
            top, left = y * stride, x * stride
            out[y, x] = (image[top : top + filter_dim, left : left + filter_dim] * filter).sum()
