# %% [markdown]
# # 3 · Pooling
#
# After this notebook you can
#
# - read the loop of max pooling, and say why the largest number must not start at 0;
# - tell max, average and Lp pooling apart by what they keep;
# - show with a picture what pooling is for: a small shift of the image hardly changes the answer;
# - say which pixel hears about a mistake later, and why the loop remembers the winner.

# %%
import numpy as np
from figures import AMOUNT, SIGNED, cells, images
from lesson import picture, source, stepper

from loopnet import Sequential, datasets, get_ops, layers, plot
from loopnet.article import max_pool
from loopnet.kernels.pool import max_pool2d_backward, max_pool2d_forward
from loopnet.stepper import step

# %% [markdown]
# ## Keep the largest
#
# **Pooling** cuts an image into windows, usually 2×2 side by side, and keeps one number of each. **Max pooling**
# keeps the largest. This is the article's loop:

# %%
source(max_pool)

# %% [markdown]
# Again two loops choose a cell of the answer and two walk over the window. Nothing is multiplied, and there is
# nothing to learn: pooling has no weights.
#
# $$\text{out}[y, x] = \max_{k_y, k_x}\; \text{input}[\,y \cdot \text{stride} + k_y,\; x \cdot \text{stride} + k_x\,]$$

# %%
image = np.array([[1, 3, 2, 0], [4, 2, 1, 1], [0, 0, 5, 6], [1, 2, 7, 8]])
out = np.zeros((2, 2), int)
max_pool(image, out, 4, 4, 2, 2, 2, 2)

picture(
    cells(
        [image, out],
        ["4x4", "the largest of each window"],
        boxes={0: [(0, 0, 2, 2), (0, 2, 2, 2), (2, 0, 2, 2), (2, 2, 2, 2)]},
        colours=AMOUNT,
        form="{:.0f}",
    ),
    "A 4 by 4 grid cut into four windows, and the 2 by 2 answer with the largest number of each: 4, 2, 2 and 8.",
)

# %% [markdown]
# Step through it: of four candidates one wins. (Run the cell in Jupyter, and walk with `→`.)

# %%
trace = step(max_pool, image, out, 4, 4, 2, 2, 2, 2)
stepper(
    trace,
    trace.terms((0, 0))[2].step,
    "The stepper in the first window: the source with the current line marked; the 4 by 4 image with a frame round "
    "its first window, and the answer, still empty; and the four candidates, the winner framed.",
)

# %% [markdown]
# ## A seven stays a seven
#
# A 12×12 drawing becomes 6×6: a quarter of the numbers. What was where is kept, only coarser.

# %%
drawing = np.zeros((12, 12), int)
drawing[2, 2:10] = 1
for i in range(3, 11):
    drawing[i, 9 - (i - 2) // 2] = 1
small = np.zeros((6, 6), int)
max_pool(drawing, small, 12, 12, 6, 6, 2, 2)

picture(
    cells([1 - drawing, 1 - small], ["12x12", "6x6, max pooled"], form="", size=2.6),
    "A thin black seven on 12 by 12 squares, and the same seven, bolder, on 6 by 6 squares.",
)

# %% [markdown]
# ## The defect: a maximum that starts at 0
#
# As it was printed, the listing began with `max = 0` and put it back to 0 after each window. As long as no number is
# negative, nobody notices. An edge filter's answers *are* negative half of the time. Then 0 wins, a number that is
# not even in the window:

# %%
negative = np.array([[-5.0, -3], [-9, -7]])
out = np.zeros((1, 1))
max_pool(negative, out, 2, 2, 1, 1, 2, 2)
print("the largest of -5, -3, -9, -7:", out[0, 0])
print("started at 0, it would be:    ", max(0, *negative.flat))

# %% [markdown]
# The mended loop starts with the window's first number. In most networks the mistake stays hidden: before the pooling
# stands **ReLU**, a step that turns every negative number into 0, and there are none left. That is the worst kind of
# defect: it waits.
#
# ## Max, average, Lp
#
# There are other ways to make one number of four.
#
# | pooling | keeps | in loopnet |
# |---|---|---|
# | max | the strongest answer: *is it there at all?* | `MaxPooling2D` |
# | average | the mean: *how much of it is there?* | `AveragePooling2D` |
# | Lp, here L2 | the root of the sum of squares: in between | `LpPooling2D` |
#
# LeNet-5 (LeCun and others, 1998, section II.B) took sums, that is averages, times a learned weight. Max pooling came
# later: Ranzato and others (2007), section 2, use it to gain independence of place.

# %%
(x_train, y_train), _ = datasets.digits.load_data(28)
digit = x_train[9].astype(np.float32) / 255
edges = plot.convolve(digit, "vertical edge").astype(np.float32)


def pooled(layer, picture):
    """What one layer makes of one grey picture."""
    height, width = picture.shape
    model = Sequential([layers.Input((height, width, 1)), layer])
    return model.predict(picture.reshape(1, height, width, 1))[0, ..., 0]


answers = [edges, *(pooled(kind(2), edges) for kind in (layers.MaxPooling2D, layers.AveragePooling2D))]
answers.append(pooled(layers.LpPooling2D(2), edges))
picture(
    images(answers, ["vertical edges, 28x28", "max, 14x14", "average", "L2 (has no sign)"], SIGNED, limit=3),
    "The vertical edges of a digit, purple and orange; max pooled, where the purple has grown and the orange has "
    "shrunk; averaged, a paler copy; L2 pooled, everything purple.",
)

# %% [markdown]
# Max pooling prefers the purple side: of a positive and a negative neighbour the positive one wins.
#
# ## What it is for
#
# A digit that moves by one pixel is still the same digit. Its numbers, however, are different ones nearly everywhere.
# Pool, and the difference shrinks: a maximum often stays in its window when the image moves by a pixel.
#
# Measured on 200 digits with a border of black. First the edge filter, then ReLU, then
# pooling: the order in a network.

# %%
few = np.pad(datasets.digits.load_data(16)[0][0][:200], ((0, 0), (8, 8), (8, 8))) / 255
still = np.array([np.maximum(plot.convolve(one, "vertical edge"), 0) for one in few])
moved = np.roll(still, 1, axis=2)  # all of them, one pixel to the right


def halved(many):
    """Max pooling of a batch of grey images, by the loop that trains."""
    n, height, width = many.shape
    y = np.empty((n, height // 2, width // 2, 1))
    get_ops("parallel").max_pool2d_forward(many[..., None], y, np.empty(y.shape, np.int32), (2, 2), (2, 2), (0, 0))
    return y[..., 0]


pairs = [(still, moved)]
for _ in range(3):
    pairs.append((halved(pairs[-1][0]), halved(pairs[-1][1])))
changes = [np.abs(b - a).mean() / np.abs(a).mean() for a, b in pairs]
print("change, as a share of the signal:", "  ".join(f"{change:.0%}" for change in changes))

one = 9
sizes = [f"{a.shape[1]}x{a.shape[2]}: {change:.0%}" for (a, _), change in zip(pairs, changes, strict=True)]
picture(
    images(
        [*(a[one] for a, _ in pairs), *(b[one] for _, b in pairs), *(np.abs(b - a)[one] for a, b in pairs)],
        [*sizes, *["moved by 1 pixel"] * 4, *["difference"] * 4],
        [SIGNED] * 8 + [AMOUNT] * 4,
        size=1.5,
        limit=float(still[one].max()),
    ),
    "Edges of a digit at 32, 16, 8 and 4 pixels; the same moved by one pixel; and the difference, which fades from the "
    "left to the right.",
)

# %% [markdown]
# This is bought with something: after pooling the network knows *that* there is an edge, but no longer exactly *where*.
#
# ## The loop that trains, and the winner it remembers
#
# The loop in [`loopnet/kernels/pool.py`](../loopnet/kernels/pool.py) does the same for a batch with channels. One
# thing is new: `winner`.

# %%
source(max_pool2d_forward)

# %% [markdown]
# The answer is a copy of *one* pixel. Had another pixel been a little brighter, nothing would have changed. So when a
# network learns from a mistake, only the winner is told: the others were not heard. (Learning from mistakes,
# *backpropagation*, is the subject of [notebook 5](05_backprop_through_the_loops.ipynb).) The forward loop writes
# down who won, and the backward loop delivers:

# %%
source(max_pool2d_backward)

# %%
ops = get_ops("python")  # the loops as they stand, run by Python
x = image.reshape(1, 4, 4, 1).astype(float)
y, winner = np.empty((1, 2, 2, 1)), np.empty((1, 2, 2, 1), np.int32)
ops.max_pool2d_forward(x, y, winner, (2, 2), (2, 2), (0, 0))

dy = np.array([[10.0, 20], [30, 40]]).reshape(1, 2, 2, 1)  # some news for each answer
dx = np.empty_like(x)
ops.max_pool2d_backward(dy, winner, dx, (2, 2), (2, 2), (0, 0))

picture(
    cells(
        [x[0, ..., 0], y[0, ..., 0], winner[0, ..., 0], dy[0, ..., 0], dx[0, ..., 0]],
        ["x", "y: the largest", "winner: where", "dy: the news", "dx: delivered"],
        colours=[AMOUNT, AMOUNT, AMOUNT, SIGNED, SIGNED],
        size=2.0,
        form="{:.0f}",
    ),
    "Five grids: the 4 by 4 image; its 2 by 2 maxima; the place of each winner in its window, 0 to 3; four "
    "numbers of news; and a 4 by 4 grid with these four numbers at the winners' places and 0 elsewhere.",
)

# %% [markdown]
# Places in a window are counted 0 1 over 2 3. If two pixels are equally large, the first one wins; the loop asks for
# `value > best`.
#
# ## Exercises
#
# 1. **On paper.** Pool the 4×4 image above with a window of 3 and stride 1. Which pixel wins most often? Put `(3, 3)`
#    and `(1, 1)` into the cell above (mind the shapes: what size is `y`?) and look at `dx`.
# 2. **One line.** Which line of `max_pool2d_forward` would you change for *min* pooling? Is one line enough?
# 3. **Never larger.** Show that averaging a 2×2 window never gives a larger number than max pooling does.
# 4. **The last column.** A 5×5 image is pooled 2×2 with stride 2. Which pixels are never looked at?
# 5. **Not a number.** What should the maximum of 3 and NaN be? Look at the condition in the loop, and say what
#    loopnet decided, and why that helps when something has gone wrong.
#
# ## Write it yourself
#
# `check` tries your function on cases of its own, and says in words what is wrong.
#
# | exercise | what to write |
# |---|---|
# | `max_pool` | the loop at the top, and no defect |
# | `average_pool` | the mean of each window; mind how windows that overlap are counted |
# | `max_pool2d_forward` | channels, padding, and where the winner stood |
#
#     from loopnet.exercises import check, starter
#     print(starter("average_pool"))
#     check("average_pool", my_function)
