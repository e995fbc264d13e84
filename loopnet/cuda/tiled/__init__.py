"""The ``cuda`` rung: tiles of inputs in shared memory, tiles of outputs in registers, operations fused."""
