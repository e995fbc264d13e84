"""``python -m loopnet.datasets.make_digits`` writes digits.npz from scikit-learn's copy of the UCI digits."""

import hashlib

import numpy as np

from .digits import FILE


def main() -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    np.savez_compressed(FILE, images=digits.images.astype(np.uint8), labels=digits.target.astype(np.uint8))
    print(f"wrote {len(digits.images)} images to {FILE} ({FILE.stat().st_size} bytes)")
    print(f"SHA-256, for digits.py: {hashlib.sha256(FILE.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
