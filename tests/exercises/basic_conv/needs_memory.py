# A list without end.
# says: MemoryError
def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    kept = []
    while True:
        kept.append(bytearray(1 << 28))
