"""Bytes by chance, and good files damaged by chance, for every reader: an answer, or one line; never a crash, never
memory that the file does not account for.
"""

import ast
import gzip
import io
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.numpy import save
from small_data import idx
from tally import HEAVY, fault, many

import loopnet
from loopnet import safefile
from loopnet.callbacks import BackupAndRestore
from loopnet.cli import main
from loopnet.datasets import DataError, cifar10, digits
from loopnet.datasets.idx import read_idx
from loopnet.images import read_image
from loopnet.model import Sequential

ROOT = Path(loopnet.__file__).parents[1]
FUZZED = settings(
    deadline=None, database=None, derandomize=not HEAVY, suppress_health_check=list(HealthCheck), print_blob=True
)


def small_model() -> Sequential:
    model = Sequential(
        [loopnet.Input((6, 6, 1)), loopnet.layers.Conv2D(2, 3), loopnet.layers.Flatten(), loopnet.layers.Dense(3)],
        seed=0,
    )
    model.compile("adam", loopnet.losses.SparseCategoricalCrossentropy(from_logits=True), backend="literal")
    return model


def model_file(folder: Path) -> bytes:
    small_model().save(folder / "good")
    return (folder / "good").read_bytes()


def picture(mode: str, kind: str) -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (20, 16, 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(stream, kind)
    return stream.getvalue()


def one_digit(path: Path) -> None:
    before = digits.FILE
    digits.FILE = path
    try:
        digits.load_data(8)
    finally:
        digits.FILE = before


# reader: (file name, good files, how to read)
READERS: dict[str, tuple[str, list[bytes], Callable[[Path], Any]]] = {
    "IDX": ("x", [idx(np.zeros((3, 4, 5), np.uint8))], lambda path: read_idx(path, 3)),
    "gzipped IDX": ("x.gz", [gzip.compress(idx(np.zeros((3, 4, 5), np.uint8)))], lambda path: read_idx(path, 3)),
    "CIFAR-10": ("x.bin", [bytes(2 * cifar10.RECORD)], cifar10._read_batch),
    "digits": ("x.npz", [digits.FILE.read_bytes()], one_digit),
    "model": ("x.safetensors", [], lambda path: Sequential.load(path, "literal")),
    "picture": (
        "x.png",
        [picture(*kind.split()) for kind in
         ("L PNG", "RGB JPEG", "P GIF", "RGB BMP", "RGBA TIFF", "RGB WEBP", "1 PPM", "RGBA PNG")],
        lambda path: read_image(path, 8, 8),
    ),
}  # fmt: skip
NUMBERS = [b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff", b"\xff" * 8, b"\xff\xff\xff\x7f", b"9" * 12, b"[" * 50]


@st.composite
def damaged(draw: Any, good: list[bytes]) -> bytes:
    """A good file with bits flipped, bytes written over, cut out, doubled, or cut off; or no good from the start."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        at = draw(st.integers(0, min(len(data) - 1, 600)) | st.integers(0, len(data) - 1))
        how = draw(st.sampled_from(["flip", "write", "cut out", "double", "cut off"]))
        if how == "flip":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "write":
            new = draw(st.sampled_from(NUMBERS) | st.binary(min_size=1, max_size=8))
            data[at : at + len(new)] = new
        elif how == "cut out":
            del data[at : at + draw(st.integers(1, 20))]
        elif how == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 50))]
        else:
            del data[at:]
    return bytes(data)


def peak() -> int:
    """The most memory that this process has ever had, in MiB; 0 where that cannot be asked."""
    if sys.platform != "linux":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def expect_an_answer_or_one_line(path: Path, read: Callable[[Path], Any]) -> None:
    try:
        read(path)
    except (ValueError, OSError) as error:
        assert "\n" not in str(error), str(error)
        assert path.name in str(error) or path.name in str(getattr(error, "filename", "")), str(error)


@pytest.mark.filterwarnings("ignore")  # Pillow's own, about odd TIFF tags
@pytest.mark.parametrize("reader", READERS)
def test_readers(reader, tmp_path):
    name, good, read = READERS[reader]
    good = good or [model_file(tmp_path)]
    path = tmp_path / name
    for data in good:
        path.write_bytes(data)
        read(path)  # the undamaged file is one
    before = peak()

    @settings(FUZZED, max_examples=many(60, 2500))
    @given(damaged(good))
    def examples(data):
        path.write_bytes(data)
        with fault(f"fuzz: reader of {reader} files"):
            expect_an_answer_or_one_line(path, read)

    examples()
    assert peak() - before < 400, "a damaged file of a few kB took memory without bound"


@settings(FUZZED, max_examples=many(60, 2500))
@given(st.data())
def test_a_forged_description_of_a_model(tmp_path_factory, data):
    """The sum is right and the JSON is JSON, but it says what nobody meant: other types, sizes and names."""
    folder = tmp_path_factory.mktemp("forged")
    small_model().save(folder / "good.safetensors")
    config, arrays = safefile.read(folder / "good.safetensors")
    odd = st.one_of(
        st.none(), st.booleans(), st.integers(-2, 4), st.just(10**12), st.floats(), st.text(max_size=4),
        st.lists(st.integers(-1, 10**9), max_size=4), st.sampled_from(["Conv2D", "Dense", "valid", "Layer", "eval"]),
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 3))):
        at: Any = config
        while True:
            key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if isinstance(at[key], (dict, list)) and at[key] and data.draw(st.booleans()):
                at = at[key]
                continue
            at[key] = data.draw(odd)
            break
    path, before = folder / "x.safetensors", peak()
    safefile.write(path, arrays, config)
    with fault("fuzz: forged descriptions of a model"):
        try:
            model = Sequential.load(path, "literal")
        except ValueError as error:
            assert "\n" not in str(error) and str(path) in str(error)
        else:
            assert model.count_params() == small_model().count_params()
    assert peak() - before < 400


# ---- hostile model files, one by one


def header(text: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text


def described(**changes: Any) -> bytes:
    """A model file whose description says something else; without a sum, as an earlier version wrote it."""
    model = small_model()
    tensors, config = loopnet.saving.describe(model)
    config = {**safefile.as_json(config), "format": 1, **changes}
    return save(tensors, {"loopnet": json.dumps(config)})


def layers_with(**changes: Any) -> list[Any]:
    conv, *rest = safefile.as_json(loopnet.saving.describe_layers(small_model()))
    return [{**conv, **changes}, *rest]


HUGE = b'{"x":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}'
HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one byte": lambda: b"\x00",
    "a pickle": lambda: b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    "a zip": lambda: b"PK\x03\x04" + bytes(100),
    "a header of terabytes": lambda: header(b"{}", 1 << 42),
    "a header of 2**64 - 1 bytes": lambda: header(b"{}", 2**64 - 1),
    "numbers of terabytes": lambda: header(HUGE) + bytes(16),
    "no JSON": lambda: header(b"\xff\xfe{]"),
    "deep JSON": lambda: header(b"[" * 100_000),
    "deep description": lambda: save({}, {"loopnet": "[" * 100_000}),
    "overlapping numbers": lambda: header(
        b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}'
    ) + bytes(6),
    "someone else's": lambda: save({"w": np.zeros(3, np.float32)}, {"format": "pt"}),
    "a list for a description": lambda: save({}, {"loopnet": "[1]"}),
    "another version": lambda: described(format=99),
    "a class of Python": lambda: described(layers=[{"class": "os.system", "name": "rm"}]),
    "filters without number": lambda: described(layers=layers_with(filters=10**12)),
    "a window of terabytes": lambda: described(layers=layers_with(kernel_size=[10**6, 10**6], padding="same")),
    "padding of terabytes": lambda: described(layers=layers_with(padding=[[10**6, 10**6], [10**6, 10**6]])),
    "an image of terabytes": lambda: described(input_shape=[10**6, 10**6, 1]),
    "a negative image": lambda: described(input_shape=[-1, 6, 1]),
    "layers without end": lambda: described(layers=layers_with() * 2),
    "an unknown argument": lambda: described(layers=layers_with(command="rm -rf /")),
    "no optimiser's memory": lambda: described(
        compiled={"optimizer": {"name": "RMSprop", "learning_rate": 0.1}, "iterations": 0, "loss": {"name": "x"}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_model_files(name, tmp_path, capsys):
    path, before = tmp_path / "hostile.safetensors", peak()
    path.write_bytes(HOSTILE[name]())
    with fault("hostile model files"):
        with pytest.raises(ValueError, match="hostile.safetensors: (not a model|damaged model)") as error:
            Sequential.load(path)
        assert "\n" not in str(error.value) and len(str(error.value)) < 600
        assert main(["predict", str(path), "image.png"]) == 2
        assert capsys.readouterr().err.count("\n") == 1
        assert peak() - before < 200


def test_short_memory_of_an_optimiser_is_refused_before_its_loop_reads_beyond_it(tmp_path):
    tensors, config = loopnet.saving.describe(small_model())
    tensors["optimizer/m"] = tensors["optimizer/m"][:1]
    safefile.write(tmp_path / "x.safetensors", tensors, config)
    with fault("hostile model files"), pytest.raises(ValueError, match=r"optimizer/m: expected shape \(119,\), given"):
        Sequential.load(tmp_path / "x.safetensors")


def test_every_flipped_bit_of_the_numbers_is_noticed(tmp_path):
    data = model_file(tmp_path)
    start = 8 + struct.unpack("<Q", data[:8])[0]
    for at in range(start, len(data), 1 if HEAVY else 37):
        flipped = bytearray(data)
        flipped[at] ^= 1 << (at % 8)
        (tmp_path / "x").write_bytes(flipped)
        with fault("checkpoints and models: a bit is flipped"), pytest.raises(ValueError, match="SHA-256"):
            Sequential.load(tmp_path / "x")


def test_every_length_that_a_file_can_be_cut_to_is_noticed(tmp_path):
    data = model_file(tmp_path)
    for length in range(0, len(data), 3 if HEAVY else 53):
        (tmp_path / "x").write_bytes(data[:length])
        with fault("checkpoints and models: the file is cut off"), pytest.raises(ValueError, match="not a model file"):
            Sequential.load(tmp_path / "x")


def test_a_file_without_a_sum_from_an_earlier_version_is_read(tmp_path):
    (tmp_path / "x").write_bytes(described())
    for a, b in zip(Sequential.load(tmp_path / "x").get_weights(), small_model().get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("fault_of", ["flipped", "cut off", "empty", "another's"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_it(tmp_path, fault_of, capsys):
    x, y = np.random.default_rng(0).standard_normal((9, 6, 6, 1)), np.arange(9) % 3

    def fit(epochs):
        model = small_model()
        model.fit(x, y, epochs=epochs, verbose=0, callbacks=[BackupAndRestore(tmp_path, delete_checkpoint=False)])
        return model.get_weights()

    fit(3)
    path = tmp_path / "checkpoint.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 4
    content = {"flipped": bytes(data), "cut off": bytes(data[:-9]), "empty": b"", "another's": described()}
    path.write_bytes(content[fault_of])
    with fault("checkpoints and models: damaged, the one before it is taken"):
        resumed = fit(5)
        assert "going on from the checkpoint before it" in capsys.readouterr().out
        for name in ("checkpoint.safetensors", "checkpoint.previous.safetensors"):
            (tmp_path / name).unlink()
        assert all(a.tobytes() == b.tobytes() for a, b in zip(resumed, fit(5), strict=True))
    for name in ("checkpoint.safetensors", "checkpoint.previous.safetensors"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match="checkpoint.safetensors: not a model file.*; .*previous"):
        fit(6)


RUNS_WHAT_IT_READS = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
MAY_RUN = {  # see SECURITY.md
    "exercises/trainer.py": "what a learner hands in, to train with it",
    "exercises/child/__main__.py": "what a learner hands in, in a process of its own",
    "cuda/frozen.py": "the package's own kernels, with numbers put in",
}


def test_nothing_in_the_package_runs_what_it_reads():
    """No pickle and its like, no eval or exec but where code is what is read, and NumPy is told not to unpickle."""
    for file in (ROOT / "loopnet").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                assert not {name.name.partition(".")[0] for name in node.names} & RUNS_WHAT_IT_READS, file
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in RUNS_WHAT_IT_READS, file
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                runs = called in ("eval", "exec", "torch.load")
                assert not runs or file.relative_to(ROOT / "loopnet").as_posix() in MAY_RUN, (file, called)
                if called in ("np.load", "numpy.load"):
                    assert "allow_pickle=False" in map(ast.unparse, node.keywords), file


def test_the_digits_reader_refuses_before_numpy_looks(tmp_path, monkeypatch):
    (tmp_path / "x.npz").write_bytes(digits.FILE.read_bytes() + b"\0")
    monkeypatch.setattr(digits, "FILE", tmp_path / "x.npz")
    monkeypatch.setattr(np, "load", None)
    with pytest.raises(DataError, match="is damaged"):
        digits.load_data()
