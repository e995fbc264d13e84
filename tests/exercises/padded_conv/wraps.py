# Negative indices are let through.
# says: negative index; other side
def padded_conv(image, filter, out):
    height, width = image.shape
    rows, columns = filter.shape
    top, left = (rows - 1) // 2, (columns - 1) // 2
    for i in range(height):
        for j in range(width):
            total = 0.0
            for r in range(rows):
                for s in range(columns):
                    row = i + r - top
                    col = j + s - left
                    if row < height and col < width:
                        total += filter[r, s] * image[row, col]
            out[i, j] = total
