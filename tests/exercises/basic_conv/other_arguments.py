# Arguments are missing.
# says: takes 3 arguments, expected 9; given; expected
def basic_conv(image, out, filter):
    return out
