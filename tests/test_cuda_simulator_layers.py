"""Every layer on the tiled CUDA rung on a machine without a GPU: see ``test_cuda_simulator.py``."""

from test_cuda_simulator import test_in_the_simulator as run_in_the_simulator


def test_in_the_simulator():
    run_in_the_simulator("simulated_layers.py")
