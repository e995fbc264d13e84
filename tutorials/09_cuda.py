# %% [markdown]
# # 9 · CUDA: one thread for each output
#
# After this notebook you can
#
# - say what a thread, a block and a grid are, and why a kernel begins with an `if`;
# - turn a loop over outputs into a kernel, and say which lines stay the same to the word;
# - say why some loops make good kernels and others do not, by counting threads;
# - run and debug all of it without a GPU.
#
# **No GPU?** Then Numba's *simulator* runs every thread of a kernel in Python, one after the other: slow, but it is
# the same kernel. The first cell turns it on where there is no GPU. The outputs on this page come **from the
# simulator**, so there are no times on it: they would say nothing about a GPU.

# %%
import simulator  # first of all: it must be set before Numba is imported

# isort: split
import numpy as np
from figures import AMOUNT, SIGNED, bars, cells, grid_of_threads
from lesson import picture, source, written
from numba import cuda

from loopnet import Sequential, datasets, get_ops, layers, losses
from loopnet.cuda.literal import conv2d as on_gpu
from loopnet.cuda.literal import tree
from loopnet.cuda.place import place4
from loopnet.kernels import conv2d as on_cpu
from loopnet.lenet import lenet5

print("a GPU:" if simulator.GPU else "no GPU here: Numba's simulator")

# %% [markdown]
# ## Threads, blocks, a grid
#
# A CPU has a few cores that hurry. A GPU has thousands of slow ones. You do not write a loop for it. You write what
# **one thread** does, a **kernel**, and say how many threads there shall be. Each thread asks for its own number and
# does its own piece of work.
#
# Threads come in **blocks** of equal size; all blocks together are the **grid**. Ten numbers, in blocks of four
# threads: that takes three blocks, and two threads have nothing to do. They must be told so. Hence the `if`.


# %%
@cuda.jit
def who_was_here(y):
    t = cuda.grid(1)  # this thread's number in the whole grid: block * threads in a block + place in the block
    if t < y.size:
        y[t] = t


y = cuda.to_device(np.full(10, -1.0))
blocks, threads = 3, 4
who_was_here[blocks, threads](y)  # in square brackets: the grid
print(y.copy_to_host())

picture(
    grid_of_threads(10, blocks, threads),
    "Three frames, the blocks, each with four coloured squares, the threads, numbered 0 to 11. The first ten "
    "point to ten cells of an array; threads 10 and 11 are crossed out.",
)

# %% [markdown]
# ## The convolution
#
# On the left in your mind: the CPU's loop from [notebook 2](02_basic_conv.ipynb). Here is the GPU's.

# %%
source(on_gpu.conv2d_forward.kernel)

# %% [markdown]
# `n`, `i`, `j`, `k` are no longer loop variables. They are what the thread's number stands for: `place4` turns the
# number `t` into the place of the output `y[n, i, j, k]`. That is division with remainder, again and again:

# %%
source(place4)

# %% [markdown]
# And the rest is the CPU's loop to the word. You need not believe it:

# %%
_, cpu_text = written(on_cpu.conv2d_forward)
_, gpu_text = written(on_gpu.conv2d_forward.kernel)
cpu_lines = [line.strip() for line in cpu_text.splitlines()]
gpu_lines = [line.strip() for line in gpu_text.splitlines()]
print("only on the CPU:")
print("\n".join(f"    {line}" for line in cpu_lines if line not in gpu_lines))
print("only on the GPU:")
print("\n".join(f"    {line}" for line in gpu_lines if line not in cpu_lines))

# %% [markdown]
# Four loops and a decorator: the loops that *choose* are gone, the loops that *add up* have stayed.
#
# ## Run it
#
# On a small piece of a digit, with an edge filter and a blur: 2 · 6 · 6 = 72 outputs, so 72 threads.

# %%
(digits, labels), _ = datasets.digits.load_data(8)
x = digits[1:2, ..., None] / 255.0
w = np.zeros((3, 3, 1, 2))
w[:, :, 0, 0] = [[-1, 0, 1]] * 3
w[:, :, 0, 1] = 1 / 9
b = np.zeros(2)

expected = np.empty((1, 6, 6, 2))
get_ops("literal").conv2d_forward(x, w, b, expected, (1, 1), (0, 0))

given = cuda.to_device(np.full_like(expected, np.nan))  # NaN: what no thread writes will be seen
on_gpu.conv2d_forward(cuda.to_device(x), cuda.to_device(w), cuda.to_device(b), given, (1, 1), (0, 0))
given = given.copy_to_host()
print("threads:", given.size, " largest difference from the CPU:", np.abs(given - expected).max())

picture(
    cells(
        [x[0, ..., 0], given[0, ..., 0], given[0, ..., 1]],
        ["image", "edges, by 36 threads", "blurred, by 36 more"],
        colours=[AMOUNT, SIGNED, AMOUNT],
        form="{:.1f}",
        size=2.6,
    ),
    "A digit of 8 by 8 pixels with its numbers, its vertical edges as 6 by 6 numbers with a sign, and its blurred "
    "copy.",
)

# %% [markdown]
# `to_device` copies an array to the GPU's own memory, `copy_to_host` copies it back. Both take long, compared with
# what a GPU can compute in the meantime. So a network's arrays stay there for the whole of the training.
#
# (On a real GPU the last digits may differ from the CPU's: it multiplies and adds in one step, with one rounding
# instead of two.)
#
# ## Who owns what
#
# In this kernel each thread writes **one** number, and nobody else writes there. That is all that is needed for
# thousands of threads to run in any order without disturbing each other: the same idea as `prange` in [notebook
# 8](08_the_ladder.ipynb).
#
# The backward loops are built alike. `dx`: one thread for each pixel. `dw`: one thread for each weight? Count first.
# A GPU wants ten thousand threads or more, or most of it stands idle. For LeNet-5 and a batch of 128:

# %%
names, counts = [], []
model = lenet5(seed=1)
for layer in model.layers:
    if layer.name in ("conv1", "conv2"):
        names += [f"{layer.name}: outputs y", f"{layer.name}: pixels dx", f"{layer.name}: weights dw"]
        counts += [128 * int(np.prod(layer.output_shape[1:])), 128 * int(np.prod(layer.input_shape[1:]))]
        counts += [int(layer.weights[0].size)]

colours = ["#D55E00" if "weights" in name else "#0072B2" for name in names]
picture(
    bars(names, counts, [f"{count:,}" for count in counts], "threads, if each owns one number", colours=colours),
    "Bars on a logarithmic scale: hundreds of thousands of outputs and pixels, but only 150 and 2,400 weights.",
)

# %% [markdown]
# 150 threads for the weights of the first layer, and each would have to add up 128 · 28 · 28 = 100,352 products all
# alone. The others have nothing to do.
#
# ## Adding up together
#
# So let a whole *block* of threads own one weight. Each thread adds up its share. Then the shares must be added,
# without two threads writing to one place at the same time. As in a knock-out tournament: the lower half takes the
# upper half's numbers, then half of them, until one is left.

# %%
source(tree.add_up)

# %%
rounds = [np.array([3.0, 1, 4, 1, 5, 9, 2, 6])]
while len(rounds[-1]) > 1:
    half = len(rounds[-1]) // 2
    rounds.append(rounds[-1][:half] + rounds[-1][half:])
picture(
    cells([r[np.newaxis] for r in rounds], ["8 threads", "4", "2", "1"], colours=AMOUNT, form="{:.0f}", size=3.2),
    "Four strips of cells: eight numbers, then four sums of pairs, then two, then one: 31.",
)

# %% [markdown]
# `shared` is a small piece of memory that the threads of one block have in common. `cuda.syncthreads()` means: wait
# here until everybody has come this far. Without it, one thread may read a sum that its neighbour has not written
# yet. That mistake may show once in a thousand runs, or never on your machine, and on the next one always.
#
# Eight numbers need 3 rounds, 1,024 need 10. And the order of the additions is always the same, so every run gives
# the same bits. (Harris, 2007, *Optimizing parallel reduction in CUDA*.)
#
# ## Neighbours should read neighbours
#
# 32 threads with neighbouring numbers, a **warp**, execute the same line at the same time. If they read neighbouring
# numbers from memory, that is one transfer; if their numbers lie far apart, it is up to 32. Which places do the first
# threads of a convolution own?

# %%
shape = (128, 28, 28, 6)
for t in (0, 1, 2, 5, 6, 7):
    n, i, j, k = (int(v) for v in np.unravel_index(t, shape))
    print(f"thread {t}: y[{n}, {i}, {j}, {k}], begins with w[0, 0, 0, {k}] and x[{n}, {i}, {j}, 0]")

# %% [markdown]
# Threads 0 to 5 read six weights that are neighbours, and the *same* pixel, which is one transfer for all. That is
# good, and no accident: the filters `k` are the last axis of `w` and of `y`, and the last axis is what neighbouring
# threads differ in.
#
# ## Train with it
#
# The kernels stand in the same table as the CPU's loops. On a machine with a GPU:
#
#     model.compile("adam", loss, backend="cuda_literal")     # one thread an output, as on this page
#
# Without one, this says in a line what is missing. In the simulator it works, some million times slower.

# %%
after = {}
for rung in ("literal", "cuda_literal"):
    small = Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ],
        seed=1,
    )
    small.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), backend=rung)
    first = small.train_on_batch(digits[:4, ..., None] / 255, labels[:4])
    after[rung] = small.layers[0].weights[0]
    print(f"{rung:13} loss before the step {first:.4f}")
print(f"weights after the step: at most {np.abs(after['literal'] - after['cuda_literal']).max():.0e} apart")

# %% [markdown]
# ## What to take with you
#
# - A kernel is the body of the loop; the grid is the loop.
# - One owner for each number. Then the order does not matter.
# - Count the threads before you write the kernel.
#
# ## Exercises
#
# 1. **On paper.** 1,000 outputs, 128 threads in a block. How many blocks? How many threads have nothing to do?
# 2. **No `if`.** What happens in `who_was_here` without it? Try it: the simulator will tell you. A real GPU may say
#    nothing, and overwrite something else.
# 3. **Another order.** Suppose `t` counted `y` with `i` as its fastest index. Which reads would be far apart?
# 4. **Tournament.** How many additions does the longest-working thread do for 1,024 numbers, with 1,024 threads? And
#    one thread alone?
# 5. **A race.** Let each thread of the *forward* grid add its products to `dw[r, s, c, k]` directly. Which two
#    threads meet, and when?
#
# ## Write it yourself
#
# | exercise | what to write |
# |---|---|
# | `cuda_conv` | a kernel for one image and one filter, one thread an output; the checker runs it in the simulator |
#
#     from loopnet.exercises import check, starter
#     print(starter("cuda_conv"))
#     check("cuda_conv", my_kernel)
