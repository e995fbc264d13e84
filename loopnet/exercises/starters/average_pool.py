def average_pool(image, out, window, stride):
    """Keep the average of each window.

    image   (height, width), to read
    out     (out_height, out_width), to write every cell of; every window fits into the image
    window  a window has window x window numbers
    stride  windows start stride pixels apart, both ways

    out[i, j] = the sum of image[i * stride + r, j * stride + s] over r, s below window, divided by how many they are
    """
    ...  # your loop
