def max_pool2d_backward(dy, winner, dx, window, stride, pad):
    """Backward through max pooling: each output's gradient goes to the one pixel that won its window.

    dy      (batch, out_height, out_width, channels), to read
    winner  like dy: r * window[1] + s, where (r, s) is the winner's place in its window, to read
    dx      (batch, height, width, channels), to write every cell of: 0 where a pixel won nothing
    window, stride, pad   pairs (vertical, horizontal), as in the forward pass

    If stride is smaller than window, windows overlap, and a pixel that won twice gets both gradients, added up.
    """
    ...  # your loop
