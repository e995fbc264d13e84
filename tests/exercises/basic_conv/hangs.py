# A while loop whose variable never moves.
# says: still running after; was stopped; case 1 of 8
def basic_conv(image, out, in_width, in_height, out_width, out_height, filter, filter_dim, stride):
    res_y = 0
    while res_y < out_height:
        for res_x in range(out_width):
            out[res_y, res_x] = 0
