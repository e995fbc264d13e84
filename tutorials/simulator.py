"""Import this before anything else: where there is no NVIDIA GPU, it turns on Numba's CUDA simulator.

Numba asks for NUMBA_ENABLE_CUDASIM once, when it is imported; later is too late.
"""

import os
import subprocess


def _gpu() -> bool:
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return False
    try:
        return subprocess.run(["nvidia-smi", "-L"], capture_output=True, timeout=20).stdout.startswith(b"GPU")
    except (OSError, subprocess.TimeoutExpired):
        return False


GPU = _gpu()
if not GPU:
    os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
