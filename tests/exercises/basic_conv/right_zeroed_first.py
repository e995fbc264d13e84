# out is cleared, and then added to; decorated for Numba.
import numba as nb


@nb.njit
def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    out[:, :] = 0
    for filter_y in range(filter_dim):
        for filter_x in range(filter_dim):
            weight = filter[filter_y, filter_x]
            for y in range(out_height):
                for x in range(out_width):
                    out[y, x] += weight * image[y * stride + filter_y, x * stride + filter_x]
