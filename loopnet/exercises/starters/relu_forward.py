def relu_forward(x, y):
    """y = 0 where x is below 0, else x.

    x, y    of the same shape, whatever it is: x.reshape(-1) is the same numbers in one long row.
            x is to read, every cell of y to write
    """
    ...  # your loop
