# Padding on one side.
# says: one side only
def conv_shape(height, width, channels, filters, window, stride, pad):
    rows = (height + pad[0] - window[0]) // stride[0] + 1
    columns = (width + pad[1] - window[1]) // stride[1] + 1
    parameters = window[0] * window[1] * channels * filters + filters
    return rows, columns, filters, parameters
