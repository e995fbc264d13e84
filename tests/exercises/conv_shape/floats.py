# / where // is meant.
# says: whole numbers; //
def conv_shape(height, width, channels, filters, window, stride, pad):
    rows = (height + 2 * pad[0] - window[0]) / stride[0] + 1
    columns = (width + 2 * pad[1] - window[1]) / stride[1] + 1
    parameters = window[0] * window[1] * channels * filters + filters
    return rows, columns, filters, parameters
