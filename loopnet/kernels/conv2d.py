"""Two-dimensional convolution: slide a small window of weights over an image and write down, at each stop, how
well they agree.

Read :func:`conv2d_forward` first. It is seven loops: four choose *which* output to compute (image, row, column,
filter), three add up what lies beneath it (window row, window column, channel). By hand, stride 1, no padding, b = 0:

    x  1 2 3      w  1 0      y  11 14      11 = 1*1 + 2*0 + 4*0 + 5*2: the window at the top left
       4 5 6         0 2         20 23      14 = 2*1 + 3*0 + 5*0 + 6*2: one column further
       7 8 9

Backward is the same products, collected elsewhere. Every product x * w went into one y, so each gradient dy goes back
through that product: to the pixel, times the weight; and to the weight, times the pixel. With

    dy  1 0       dx  1 0 0       dx: the filter laid down once for each dy, times dy; 5 = 1*2 + 3*1
        0 3           0 5 0
                      0 0 6       dw: the windows of x, each times its dy, added up; 16 = 1*1 + 3*5
                                      16 20
    db  4                             28 32

In symbols, the three of them, and the one line of geometry that they share, which says where tap (r, s) of the window
lies when the window stops at (i, j):

    forward            y[n,i,j,k] = b[k] + sum of  x[n,row,col,c] * w[r,s,c,k]    over the window (r, s, c)
    backward_input     dx[n,row,col,c]   = sum of  dy[n,i,j,k]    * w[r,s,c,k]    over the outputs that saw this pixel
    backward_weights   dw[r,s,c,k]       = sum of  dy[n,i,j,k]    * x[n,row,col,c] over every stop of the window

    row = i * stride[0] + r - pad[0]          col = j * stride[1] + s - pad[1]

Names: ``n`` image, ``i j`` output row and column, ``r s`` window row and column, ``c`` input channel, ``k`` output
channel (the filter). Arrays: ``x`` images, ``w`` filters, ``b`` biases, ``y`` outputs; ``d...`` is the gradient
of the loss.

Shapes, all C-contiguous and of one floating dtype:

    x, dx  (batch, height, width, channels)         w, dw  (window_height, window_width, channels, filters)
    y, dy  (batch, out_height, out_width, filters)   b, db  (filters,)

``stride`` and ``pad`` are pairs (vertical, horizontal) of ints; ``pad`` counts the zeros before the first row
and column. Zeros after the last need no number: ``y`` is simply that much larger. No zero is ever stored; a tap
that lands outside the image adds nothing, so the loop skips it. With pad[0] zeros above and pad_below beneath,

    out_height = (height + pad[0] + pad_below - window_height) // stride[0] + 1

Cost: batch * out_height * out_width * filters * window_height * window_width * channels multiply-adds; 240,000 an
image in LeNet-5's second convolution. ``prange`` is ``range`` to Python; Numba shares its turns among the cores, which
is safe because no two turns write the same number. ``dtype.type(0)`` is a zero of the array's own type: 0.0 would make
Numba add up in float64.

See it move: ``loopnet step conv2d``. Write it: ``loopnet check conv2d_forward``. How it is compiled stands in
``rungs.py``; why another order of the loops is faster, in ``tuned/lanes.py`` and ``tuned/conv2d.py``.

Like all of deep learning this is cross-correlation: a mathematician's convolution would flip the window first.
LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document recognition*, section II.A;
Dumoulin, Visin (2016), *A guide to convolution arithmetic for deep learning*, for the geometry.
"""

from numba import prange


def conv2d_forward(x, w, b, y, stride, pad):
    """Slide every filter over every image:  y[n,i,j,k] = b[k] + sum_{r,s,c} x[n,row,col,c] * w[r,s,c,k].

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

    The geometry line solved for the stop: i * stride[0] = row + pad[0] - r. Where the division leaves a remainder, the
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
