"""The data sets as everybody knows them, and the formats of their files. How they come here: test_datasets_fetch.py."""

import gzip
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_data import archived, idx, published, small_cifar10, write

from loopnet import datasets, images
from loopnet.datasets import cifar10, digits, fashion_mnist, mnist
from loopnet.datasets.fetch import find
from loopnet.datasets.idx import read_idx

pytest_plugins = ["mirrors"]

BITMAPS = Path(os.environ.get("LOOPNET_DATA", ""), "optdigits/optdigits32.npz")
needs_mnist = pytest.mark.skipif(
    not os.environ.get("LOOPNET_DATA") or len(find(mnist.FILES)) < 4, reason="MNIST is not in $LOOPNET_DATA"
)
needs_cifar10 = pytest.mark.skipif(
    not os.environ.get("LOOPNET_DATA") or len(find(cifar10.FILES)) < 6, reason="CIFAR-10 is not in $LOOPNET_DATA"
)


# ---- digits


def test_digits_are_the_published_ones():
    (x_train, y_train), (x_test, y_test) = digits.load_data(size=8)
    assert x_train.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert x_train.dtype == y_train.dtype == x_test.dtype == y_test.dtype == np.uint8
    assert (x_train.min(), x_train.max()) == (0, 255)
    # the class counts that UCI's description of optdigits.tes states
    counts = np.bincount(np.concatenate([y_train, y_test]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_split_is_fixed_stratified_and_disjoint():
    (x_train, y_train), (x_test, y_test) = digits.load_data(size=8)
    share = np.bincount(y_test) / (np.bincount(y_train) + np.bincount(y_test))
    assert np.all(np.abs(share - 0.2) < 0.006)
    # nothing is lost or doubled: the two parts hold exactly the bundle's pixels
    with np.load(digits.FILE) as file:
        bundled = sorted(np.rint(image * (255 / 16)).astype(np.uint8).tobytes() for image in file["images"])
    assert sorted(image.tobytes() for image in np.concatenate([x_train, x_test])) == bundled
    # the split must never change, or scores would no longer compare: checksums of its four arrays
    sums = [hashlib.sha256(part.tobytes()).hexdigest()[:16] for part in (x_train, y_train, x_test, y_test)]
    assert sums == ["b8b7917ce44af118", "9c4d113f57aa5f4a", "317e788217b7e04d", "2ec70be608ab50f0"]
    # both parts are mixed, so that a validation split taken off the end holds every class
    assert set(y_train[-143:]) == set(range(10))


@pytest.mark.skipif(not BITMAPS.is_file(), reason="optdigits is not in $LOOPNET_DATA")
def test_digits_are_the_block_sums_of_the_original_bitmaps():
    with np.load(BITMAPS, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    bitmaps = np.unpackbits(arrays["x_windep"], axis=1).reshape(-1, 8, 4, 8, 4)  # UCI's name for the test set
    with np.load(digits.FILE, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["images"], bitmaps.sum(axis=(2, 4)))
        np.testing.assert_array_equal(file["labels"], arrays["y_windep"])


def test_scaling_up_agrees_with_pillow():
    from PIL import Image

    image = np.random.default_rng(0).integers(0, 256, (8, 5), np.uint8)
    ours = images.resize_bilinear(image[None], 27, 32)[0]
    theirs = np.asarray(Image.fromarray(image.astype(np.float32)).resize((32, 27), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_digits_can_have_any_size_from_8_up():
    (x_train, _), _ = digits.load_data(size=28)
    assert x_train.shape == (1437, 28, 28)
    with pytest.raises(ValueError, match="8x8 can only be scaled up, not to 7x7"):
        digits.load_data(size=7)
    with pytest.raises(ValueError, match="digits: size: expected a positive integer, given '28'"):
        digits.load_data(size="28")  # type: ignore[arg-type]


# ---- as a network takes them


def test_load_for_scales_the_digits_to_the_input():
    (x_train, y_train), (x_test, _) = datasets.load_for("digits", (32, 32, 1))
    assert x_train.shape == (1437, 32, 32, 1) and x_test.shape == (360, 32, 32, 1)
    assert x_train.dtype == np.float32
    assert 0 <= x_train.min() and 0.99 < x_train.max() <= 1


def test_as_input_pads_all_round_with_zeros():
    x = images.as_input(np.full((1, 28, 28), 255, np.uint8), 32, 32)
    assert np.all(x[0, 2:30, 2:30, 0] == 1)
    assert x.sum() == 28 * 28


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("cats", (32, 32, 1), "unknown data set 'cats'; there are digits, mnist, fashion_mnist, cifar10"),
        ("digits", (32, 32, 3), r"images are \(height, width, 1\), but the network takes \(32, 32, 3\)"),
        ("cifar10", (32, 32, 1), r"images are \(height, width, 3\), but the network takes \(32, 32, 1\)"),
        ("digits", (400,), r"the network takes \(400,\)"),
        ("digits", (4, 4, 1), "8x8 can only be scaled up, not to 4x4"),
    ],
)
def test_load_for_refuses(name, shape, message):
    with pytest.raises(ValueError, match=message):
        datasets.load_for(name, shape)


def test_as_input_refuses_images_that_do_not_fit():
    with pytest.raises(ValueError, match="images of 28x28 do not fit a network that takes 27x32"):
        images.as_input(np.zeros((1, 28, 28), np.uint8), 27, 32)


# ---- MNIST


@needs_mnist
def test_mnist():
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert x_train.dtype == y_train.dtype == np.uint8
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]  # as everybody's MNIST begins
    assert y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # mean and deviation that torchvision's examples normalise with
    assert x_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert x_train.std() / 255 == pytest.approx(0.3081, abs=5e-5)


@needs_mnist
def test_mnist_is_padded_for_lenet():
    _, (x_test, _) = datasets.load_for("mnist", (32, 32, 1))
    assert x_test.shape == (10000, 32, 32, 1)
    assert not x_test[:, :2].any() and not x_test[:, -2:].any() and x_test[:, 2:30, 2:30].any()


SMALL = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)


def test_idx_is_read_plain_and_gzipped(tmp_path):
    (tmp_path / "plain").write_bytes(idx(SMALL))
    (tmp_path / "packed.gz").write_bytes(gzip.compress(idx(SMALL)))
    for name in ("plain", "packed.gz"):
        array = read_idx(tmp_path / name, rank=3)
        np.testing.assert_array_equal(array, SMALL)
        array[0] = 0  # and may be written to


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "at least 4 bytes, this file 0"),
        (b"\x00\x00\x08", "at least 4 bytes, this file 3"),
        (b"\x00\x00\x08\x01" + idx(SMALL)[4:], "begin with bytes 00 00 08 03, begins with 00 00 08 01"),
        (b"\x00\x00\x0d\x03" + idx(SMALL)[4:], "begin with bytes 00 00 08 03, begins with 00 00 0d 03"),
        (idx(SMALL)[:10], "the header of 3 axes has 16 bytes, this file 10"),
        (idx(SMALL)[:-1], "the header says 3 x 2 x 2 = 12 bytes, there are 11"),
        (idx(SMALL) + b"\x00", "the header says 3 x 2 x 2 = 12 bytes, there are more"),
    ],
)
def test_idx_refuses(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        read_idx(path, rank=3)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "content",
    [b"text", gzip.compress(idx(SMALL))[:-9], b"\x1f\x8b\x08" + b"\xff" * 40],
    ids=["no gzip at all", "cut short", "a header and rubbish"],  # the bytes hold the time of day
)
def test_idx_refuses_damaged_gzip(tmp_path, content):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="images.gz: not a whole gzip file"):
        read_idx(path, rank=3)


def test_mnist_refuses_more_images_than_labels(cache):
    images, labels = gzip.compress(idx(SMALL)), gzip.compress(idx(SMALL[:2, 0, 0]))
    content = {name: images if "images" in name else labels for name in mnist.FILES.sha256}
    write(cache / "set", content)
    with pytest.raises(ValueError, match="train: 3 images but 2 labels"):
        mnist.load_data(published(content))


# ---- CIFAR-10 and Fashion-MNIST


@needs_cifar10
def test_cifar10_is_the_published_one():
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert x_train.shape == (50000, 32, 32, 3) and y_train.shape == (50000, 1)
    assert x_test.shape == (10000, 32, 32, 3) and y_test.shape == (10000, 1)
    assert x_train.dtype == y_train.dtype == np.uint8 and x_train.flags.c_contiguous
    assert np.bincount(y_train[:, 0]).tolist() == [5000] * 10 and np.bincount(y_test[:, 0]).tolist() == [1000] * 10
    # as Keras's documentation shows the set: a frog, two trucks, a deer, a car
    assert [cifar10.CLASSES[label] for label in y_train[:5, 0]] == ["frog", "truck", "truck", "deer", "car"]
    assert x_train[0, 0, 0].tolist() == [59, 62, 63]  # red, green, blue of the frog's first pixel


@needs_cifar10
def test_cifar10_as_a_network_takes_it():
    _, (x_test, y_test) = datasets.load_for("cifar10", (32, 32, 3))
    assert x_test.shape == (10000, 32, 32, 3) and x_test.dtype == np.float32 and y_test.shape == (10000,)
    assert 0 <= x_test.min() and x_test.max() == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"", "expected records of 3073 bytes"), (b"1" * 3072, "given 3072 bytes"), (b"\x0a" * 3073, "labels 0 to 9")],
)
def test_cifar10_refuses(cache, monkeypatch, tmp_path, data, message):
    content = small_cifar10() | {"test_batch.bin": data}
    write(tmp_path / "mine/set/batches", content)
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    with pytest.raises(ValueError, match=message):
        cifar10.load_data(archived(content, b""))


def test_fashion_mnist_lies_beside_mnist_under_the_same_names(cache, monkeypatch):
    assert list(fashion_mnist.FILES.sha256) == list(mnist.FILES.sha256)
    images, labels = gzip.compress(idx(SMALL)), gzip.compress(idx(SMALL[:, 0, 0]))
    content = {name: images if "images" in name else labels for name in mnist.FILES.sha256}
    write(cache / "fashion-mnist", content)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    monkeypatch.setattr(fashion_mnist, "FILES", replace(fashion_mnist.FILES, sha256=sums))
    (x_train, y_train), _ = fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, SMALL)
    assert y_train.tolist() == [0, 4, 8] and len(fashion_mnist.CLASSES) == 10


def test_describe_downloads_nothing(cache, monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.retrieve", None)
    assert datasets.describe()["digits"].startswith("bundled")
    assert datasets.describe()["mnist"] == f"not here; the first use downloads it to {cache / 'mnist'}"
    names = list(mnist.FILES.sha256)
    write(cache / "mnist", dict.fromkeys(names[:3], b""))
    assert datasets.describe()["mnist"] == "1 of 4 files missing; the next use downloads them"
    write(tmp_path / "mine/mnist", dict.fromkeys(names, b""))
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    assert datasets.describe()["mnist"] == str(tmp_path / "mine/mnist")


def test_a_notebook_without_ipywidgets_is_not_warned(tmp_path):
    """pooch imports tqdm.auto, which in a notebook warns if there are no ipywidgets; here a stand-in always does."""
    (tmp_path / "tqdm").mkdir()
    (tmp_path / "tqdm" / "__init__.py").write_text("class tqdm:\n    pass\n")
    (tmp_path / "tqdm" / "auto.py").write_text(
        "import warnings\nfrom . import tqdm\nwarnings.warn('IProgress not found')\n"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import loopnet; loopnet.datasets.describe()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
