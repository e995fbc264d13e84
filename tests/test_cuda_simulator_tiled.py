"""The tiled and the fused CUDA kernels on a machine without a GPU: see ``test_cuda_simulator.py``."""

import pytest
from test_cuda_simulator import test_in_the_simulator as run_in_the_simulator


@pytest.mark.parametrize("file", ["simulated_tiles.py", "simulated_lenet.py"])
def test_in_the_simulator(file):
    run_in_the_simulator(file)
