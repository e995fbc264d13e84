"""``cuda_fused``: LeNet-5 alone, its whole training step in two launches."""
