# An output is taken for an array of zeros.
# says: read before anything was written; not with zeros
def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    for res_y in range(out_height):
        for res_x in range(out_width):
            for filter_y in range(filter_dim):
                for filter_x in range(filter_dim):
                    image_y = res_y * stride + filter_y
                    image_x = res_x * stride + filter_x
                    out[res_y, res_x] += filter[filter_y, filter_x] * image[image_y, image_x]
    return out
