"""Convolution as someone writes it who has neither NumPy nor Numba: nested lists and plain loops.

The bottom of the ladder. It is faster than the ``python`` rung, whose loops pick single numbers out of NumPy arrays.
"""

Image = list[list[list[float]]]


def conv2d_forward(x: Image, w: list[Image], b: list[float]) -> Image:
    """y[i][j][k] = b[k] + sum_{r,s,c} x[i+r][j+s][c] * w[r][s][c][k], for one image and stride 1."""
    window_height, window_width, channels, filters = len(w), len(w[0]), len(w[0][0]), len(b)
    out_height, out_width = len(x) - window_height + 1, len(x[0]) - window_width + 1
    y = []
    for i in range(out_height):
        row = []
        for j in range(out_width):
            pixel = []
            for k in range(filters):
                total = b[k]
                for r in range(window_height):
                    for s in range(window_width):
                        for c in range(channels):
                            total += x[i + r][j + s][c] * w[r][s][c][k]
                pixel.append(total)
            row.append(pixel)
        y.append(row)
    return y
