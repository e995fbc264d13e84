"""Launches every CUDA kernel once on little work, and checks the answers: what compute-sanitizer is to look at.

compute-sanitizer --tool racecheck python -m benchmarks.cuda_every_kernel
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np  # noqa: E402
from checks import OPERATIONS, check_against_oracle, operations_of  # noqa: E402

import loopnet  # noqa: E402
from loopnet.ops import get_ops  # noqa: E402


def main() -> int:
    for backend in ("cuda_literal", "cuda"):
        ops = get_ops(backend)
        for operation in operations_of(ops):
            for case in OPERATIONS[operation].cases[1:3]:
                check_against_oracle(ops, operation, case, "float32")
        print(f"{backend}: {len(operations_of(ops))} operations run and right", flush=True)
    steps_of_lenet5()
    print("cuda_fused: steps launched and replayed, and right", flush=True)
    return 0


def steps_of_lenet5() -> None:
    """In two launches a step, from the third on as a graph; with a batch that is not a power of two."""
    random = np.random.default_rng(1)
    x, y = random.random((5, 32, 32, 1), np.float32), np.array([3, 1, 4, 1, 5])
    losses = {}
    for backend in ("cuda_fused", "literal"):
        model = loopnet.lenet.lenet5(seed=1)
        model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
        losses[backend] = np.array([model.train_on_batch(x, y) for _ in range(5)])
    np.testing.assert_allclose(losses["cuda_fused"], losses["literal"], rtol=1e-4)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as error:  # no card
        sys.exit(str(error))
