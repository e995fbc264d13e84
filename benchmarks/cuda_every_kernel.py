"""Launches every CUDA kernel once on little work, and checks the answers: what compute-sanitizer is to look at.

compute-sanitizer --tool racecheck python -m benchmarks.cuda_every_kernel
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from checks import OPERATIONS, check_against_oracle, operations_of  # noqa: E402

from loopnet.ops import get_ops  # noqa: E402


def main() -> int:
    for backend in ("cuda_literal", "cuda"):
        ops = get_ops(backend)
        for operation in operations_of(ops):
            for case in OPERATIONS[operation].cases[1:3]:
                check_against_oracle(ops, operation, case, "float32")
        print(f"{backend}: {len(operations_of(ops))} operations run and right", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as error:  # no card
        sys.exit(str(error))
