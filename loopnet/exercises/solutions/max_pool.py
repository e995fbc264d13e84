def max_pool(input, out, in_width, in_height, out_width, out_height, kernel_dim, stride):
    for res_y in range(out_height):
        for res_x in range(out_width):
            largest = input[res_y * stride, res_x * stride]
            for kernel_y in range(kernel_dim):
                for kernel_x in range(kernel_dim):
                    value = input[res_y * stride + kernel_y, res_x * stride + kernel_x]
                    if value > largest:
                        largest = value
            out[res_y, res_x] = largest
    return out
