def vector_dense(x, w, b, y):
    """The dense layer, in an order of loops that the vector unit can run: several neighbouring y[n, k] at once.

    x       (batch, inputs), to read
    w       (inputs, units), to read
    b       (units,), to read
    y       (batch, units), to write every cell of

    y[n, k] = b[k] + sum over c of  x[n, c] * w[c, k]

    In memory w[c, k] and w[c, k + 1] are neighbours, w[c, k] and w[c + 1, k] are not. A sum that ends up in one
    variable has to be added up in its order, one number after the other; numbers for different cells may be added side
    by side. Which index belongs into the innermost loop?

    The checker compiles the loop with Numba (without fastmath) and looks at the instructions that come out.
    """
    ...  # your loop
