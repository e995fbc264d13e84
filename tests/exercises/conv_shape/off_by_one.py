# The + 1 is forgotten.
# says: one is missing; once is one output
def conv_shape(height, width, channels, filters, window, stride, pad):
    rows = (height + 2 * pad[0] - window[0]) // stride[0]
    columns = (width + 2 * pad[1] - window[1]) // stride[1]
    parameters = window[0] * window[1] * channels * filters + filters
    return rows, columns, filters, parameters
