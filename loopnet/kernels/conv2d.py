"""Two-dimensional convolution: slide a small window of weights over an image and write down, at each stop, how
well they agree.

Read :func:`conv2d_forward` first. It is six loops: four choose *which* output to compute (image, row, column, filter),
two walk the window beneath it, and the channels ride along. The two backward functions are the same sum, asked from
the other ends of its product:

    forward            y[n,i,j,k] = b[k] + sum of  x[n,row,col,c] * w[r,s,c,k]   over the window (r, s, c)
    backward_input     dx[n,row,col,c]   = sum of  dy[n,i,j,k]    * w[r,s,c,k]   over the outputs that saw this pixel
    backward_weights   dw[r,s,c,k]       = sum of  dy[n,i,j,k]    * x[n,row,col,c]   over every stop of the window

and all three agree on one line of geometry, which says where tap (r, s) lands when the window stops at (i, j):

    row = i * stride_h + r - pad_top          col = j * stride_w + s - pad_left

Names: ``n`` image, ``i j`` output row and column, ``r s`` window row and column, ``c`` input channel, ``k`` output
channel (the filter). Arrays: ``x`` images, ``w`` filters, ``b`` biases, ``y`` outputs; ``d...`` is the gradient
of the loss.

Shapes, all C-contiguous and of one floating dtype:

    x, dx  (batch, height, width, channels)         w, dw  (window_height, window_width, channels, filters)
    y, dy  (batch, out_height, out_width, filters)   b, db  (filters,)

``stride`` and ``pad`` are pairs (vertical, horizontal) of ints; ``pad`` counts the zeros before the first row
and column. Zeros after the last need no number: ``y`` is simply that much larger. No zero is ever stored; a tap
that lands outside the image adds nothing, so the loop skips it.

Like all of deep learning this is cross-correlation: the window is not flipped, as a mathematician's convolution would.
LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document recognition*, section II.A;
Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, for the geometry.
"""

from numba import prange


def conv2d_forward(x, w, b, y, stride, pad):
    """Slide every filter over every image:  y[n,i,j,k] = b[k] + sum_{r,s,c} x[n, i*sh+r-ph, j*sw+s-pw, c] * w[r,s,c,k].

    Reads x, w, b; overwrites y. One turn of the parallel loop owns one image of y.
    """
    batch, height, width, channels = x.shape
    window_height, window_width, _, filters = w.shape
    _, out_height, out_width, _ = y.shape

    for n in prange(batch):
        for i in range(out_height):
            for j in range(out_width):
                for k in range(filters):
                    total = b[k]
                    for r in range(window_height):
                        for s in range(window_width):
                            row = i * stride[0] + r - pad[0]
                            col = j * stride[1] + s - pad[1]
                            if 0 <= row < height and 0 <= col < width:
                                for c in range(channels):
                                    total += x[n, row, col, c] * w[r, s, c, k]
                    y[n, i, j, k] = total


def conv2d_backward_input(dy, w, dx, stride, pad):
    """Every pixel asks: which outputs saw me, and through which weight?  dx[n,row,col,c] = sum_{r,s,k}
    dy[n,i,j,k] * w[r,s,c,k].

    The geometry line solved for the stop: i * sh = row + ph - r. Where the division leaves a remainder, the
    window stepped over this pixel with that tap, and there is nothing to add.

    Reads dy, w; overwrites dx. One turn of the parallel loop owns one image of dx.
    """
    batch, height, width, channels = dx.shape
    window_height, window_width, _, filters = w.shape
    _, out_height, out_width, _ = dy.shape

    for n in prange(batch):
        for row in range(height):
            for col in range(width):
                for c in range(channels):
                    total = dx.dtype.type(0)
                    for r in range(window_height):
                        for s in range(window_width):
                            i, between_rows = divmod(row + pad[0] - r, stride[0])
                            j, between_cols = divmod(col + pad[1] - s, stride[1])
                            if between_rows == 0 and between_cols == 0 and 0 <= i < out_height and 0 <= j < out_width:
                                for k in range(filters):
                                    total += dy[n, i, j, k] * w[r, s, c, k]
                    dx[n, row, col, c] = total


def conv2d_backward_weights(dy, x, dw, db, stride, pad):
    """Every weight collects from all the places it was used:  dw[r,s,c,k] = sum_{n,i,j} dy[n,i,j,k] * x[n, row,
    col, c];  db[k] = sum dy.

    That one weight serves the whole image is why its gradient is a sum over the whole image (and over the batch).
    Each image is added up on its own first: long sums of small numbers lose fewer bits in two stages than in one.

    Reads dy, x; overwrites dw, db. One turn of the parallel loop owns one filter k of dw and db.
    """
    batch, height, width, channels = x.shape
    window_height, window_width, _, filters = dw.shape
    _, out_height, out_width, _ = dy.shape

    for k in prange(filters):
        total = db.dtype.type(0)
        for n in range(batch):
            of_image = db.dtype.type(0)
            for i in range(out_height):
                for j in range(out_width):
                    of_image += dy[n, i, j, k]
            total += of_image
        db[k] = total

        for r in range(window_height):
            for s in range(window_width):
                for c in range(channels):
                    total = dw.dtype.type(0)
                    for n in range(batch):
                        of_image = dw.dtype.type(0)
                        for i in range(out_height):
                            for j in range(out_width):
                                row = i * stride[0] + r - pad[0]
                                col = j * stride[1] + s - pad[1]
                                if 0 <= row < height and 0 <= col < width:
                                    of_image += dy[n, i, j, k] * x[n, row, col, c]
                        total += of_image
                    dw[r, s, c, k] = total
