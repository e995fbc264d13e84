def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    for res_y in range(out_height):
        for res_x in range(out_width):
            result_element = 0.0
            for filter_y in range(filter_dim):
                for filter_x in range(filter_dim):
                    image_y = res_y * stride + filter_y
                    image_x = res_x * stride + filter_x
                    result_element += filter[filter_y, filter_x] * image[image_y, image_x]
            out[res_y, res_x] = result_element
    return out
