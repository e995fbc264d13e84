# SciPy's convolution.
# says: imports scipy
from scipy.signal import correlate2d


def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    out[:] = correlate2d(image, filter, "valid")[::stride, ::stride]
