"""The same operations on a GPU: start with README.md beside this file.

    device.py    the door: the one module that imports numba.cuda; what is missing, memory in and out
    launch.py    how many threads a kernel gets
    place.py     which element of the output a thread owns
    literal/     the rung "cuda_literal": each file is its namesake in loopnet/kernels, a thread where a loop was
    frozen.py    kernels made for one shape: what is written as a loop runs as a straight line
    tiled/       the rung "cuda": tiles in shared memory and registers
    lenet/       the rung "cuda_fused": a training step of LeNet-5 in two launches, replayed as a graph

Importing this package imports nothing of CUDA.
"""
