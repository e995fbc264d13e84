"""What training does without: a machine with NumPy and Numba alone can train, be it a cluster's or a lent GPU's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONVENIENCES = ("tqdm", "safetensors", "matplotlib", "pooch", "requests", "PIL")

MISSING = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {CONVENIENCES}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
"""

TRAIN = """
import loopnet
from loopnet.layers import Dense, Flatten, Input
(x, y), _ = loopnet.datasets.digits.load_data(8)
model = loopnet.Sequential([Input((8, 8)), Flatten(), Dense(10)], seed=1)
model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"], backend="python")
model.fit(x[:60], y[:60], epochs=2, verbose=0, validation_split=0.2)
loss, accuracy = model.evaluate(x[:20], y[:20], verbose=0)
assert model.predict(x[:3]).shape == (3, 10) and loss > 0
"""


def in_a_process(code):
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {**os.environ, "PYTHONPATH": path}
    return subprocess.run([sys.executable, "-c", code], env=own, capture_output=True, text=True, timeout=300)


def test_training_in_silence_imports_none_of_them():
    done = in_a_process(TRAIN + f"\nimport sys\nprint([name for name in {CONVENIENCES} if name in sys.modules])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_training_where_none_of_them_is_installed():
    done = in_a_process(MISSING + TRAIN + "\nmodel.save('model.safetensors')")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("No module named 'safetensors'"), done.stderr  # who saves needs that one


@pytest.mark.parametrize("bar", [False, True])
def test_messages_go_through_the_bar_if_there_is_one(bar):
    said = "from loopnet.lines import say; say('epoch 1: saved')"
    done = in_a_process(
        f"{'import tqdm' if bar else MISSING}\n{said}; import sys; assert ('tqdm' in sys.modules) == {bar}"
    )
    assert (done.returncode, done.stdout) == (0, "epoch 1: saved\n"), done.stderr
