"""The data sets: the bundled digits, MNIST's files, and where files come from when they are not here."""

import gzip
import hashlib
import io
import os
import struct
import subprocess
import sys
import tarfile
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from loopnet import datasets, images
from loopnet.datasets import DataError, cifar10, digits, fashion_mnist, mnist
from loopnet.datasets.fetch import Archive, Files, fetch, find
from loopnet.datasets.idx import read_idx

BITMAPS = Path(os.environ.get("LOOPNET_DATA", ""), "optdigits/optdigits32.npz")
needs_mnist = pytest.mark.skipif(
    not os.environ.get("LOOPNET_DATA") or len(find(mnist.FILES)) < 4, reason="MNIST is not in $LOOPNET_DATA"
)
needs_cifar10 = pytest.mark.skipif(
    not os.environ.get("LOOPNET_DATA") or len(find(cifar10.FILES)) < 6, reason="CIFAR-10 is not in $LOOPNET_DATA"
)


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A computer without data: an empty cache folder, no $LOOPNET_DATA, no proxy in front of 127.0.0.1."""
    monkeypatch.delenv("LOOPNET_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache" / name)
    return tmp_path / "cache" / "loopnet"


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


def idx(array: np.ndarray) -> bytes:
    """An IDX file with these bytes."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


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


@pytest.mark.parametrize("content", [b"text", gzip.compress(idx(SMALL))[:-9], b"\x1f\x8b\x08" + b"\xff" * 40])
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


# ---- where files come from

CONTENT = {"a.bin": b"the first file", "b.bin": b"the second file"}
NOWHERE = "http://127.0.0.1:9/"  # the discard port: connections are refused


def published(content: dict[str, bytes], *mirrors: str) -> Files:
    return Files("set", {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}, mirrors)


def write(folder: Path, content: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)


@pytest.fixture
def server():
    """A web server on this computer: ``address``, the ``pages`` it serves, and the paths ``asked`` for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            web.asked.append(self.path)
            self.send_response(200 if self.path in web.pages else 404)
            self.end_headers()
            self.wfile.write(web.pages.get(self.path, b""))

        def log_message(self, *_):
            pass

    class Web(HTTPServer):
        pages: dict[str, bytes] = {}
        asked: list[str] = []

    with Web(("127.0.0.1", 0), Handler) as web:
        web.pages, web.asked = {}, []
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield web
        web.shutdown()
        thread.join()


def address(server: HTTPServer, folder: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/{folder}/"


def test_files_in_loopnet_data_are_used_as_they_lie(cache, monkeypatch, tmp_path):
    write(tmp_path / "mine/set", CONTENT)
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    assert fetch(published(CONTENT, NOWHERE)) == {name: tmp_path / "mine/set" / name for name in CONTENT}
    assert not cache.exists()


def test_loopnet_data_goes_before_the_cache(cache, monkeypatch, tmp_path):
    write(tmp_path / "mine/set", {"a.bin": CONTENT["a.bin"]})
    write(cache / "set", CONTENT)
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    expected = {"a.bin": tmp_path / "mine/set/a.bin", "b.bin": cache / "set/b.bin"}
    assert fetch(published(CONTENT, NOWHERE)) == expected


def test_a_damaged_file_in_loopnet_data_is_named_with_both_sums(cache, monkeypatch, tmp_path):
    write(tmp_path / "set", CONTENT | {"b.bin": b"damaged"})
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        fetch(published(CONTENT, NOWHERE))
    assert str(tmp_path / "set/b.bin") in str(error.value)
    for data in (b"damaged", CONTENT["b.bin"]):
        assert hashlib.sha256(data).hexdigest() in str(error.value)
    assert (tmp_path / "set/b.bin").read_bytes() == b"damaged"  # the user's file is left alone


def test_a_download_is_kept_in_the_cache(cache, server):
    server.pages = {f"/good/{name}": data for name, data in CONTENT.items()}
    files = published(CONTENT, address(server, "good"))
    for _ in range(2):  # the second time without a network
        paths = fetch(files)
        assert paths == {name: cache / "set" / name for name in CONTENT}
        assert {name: path.read_bytes() for name, path in paths.items()} == CONTENT
    assert server.asked == ["/good/a.bin", "/good/b.bin"]


@pytest.mark.parametrize("first", ["wrong bytes", "missing", "refused"])
def test_the_second_mirror_is_tried_when_the_first_fails(cache, server, first):
    server.pages = {f"/second/{name}": data for name, data in CONTENT.items()}
    if first == "wrong bytes":
        server.pages |= {f"/first/{name}": b"wrong" for name in CONTENT}
    mirror = NOWHERE if first == "refused" else address(server, "first")
    paths = fetch(published(CONTENT, mirror, address(server, "second")))
    assert {name: path.read_bytes() for name, path in paths.items()} == CONTENT
    assert [path for path in server.asked if "second" in path] == ["/second/a.bin", "/second/b.bin"]


def test_a_damaged_file_in_the_cache_is_fetched_again(cache, server):
    write(cache / "set", CONTENT | {"a.bin": b"damaged"})
    server.pages = {"/good/a.bin": CONTENT["a.bin"]}
    paths = fetch(published(CONTENT, address(server, "good")))
    assert paths["a.bin"].read_bytes() == CONTENT["a.bin"]
    assert server.asked == ["/good/a.bin"]


def test_no_network_and_no_file_says_what_to_do(cache):
    with pytest.raises(DataError) as error:
        fetch(published(CONTENT, NOWHERE, NOWHERE + "other/"))
    message = str(error.value)
    assert message.count("127.0.0.1:9") == 3 and "ConnectionError" in message
    assert f"curl -fL --create-dirs --output-dir '{cache / 'set'}' --remote-name-all" in message
    assert f"'{NOWHERE}{{a.bin,b.bin}}'" in message
    assert f"the 2 files to {cache / 'set'}, or to set/ in $LOOPNET_DATA" in message
    assert "\n" not in message
    assert not (cache / "set/a.bin").exists()


def test_wrong_bytes_everywhere_leave_nothing_behind(cache, server):
    server.pages = {f"/{folder}/a.bin": b"wrong" for folder in ("first", "second")}
    with pytest.raises(DataError, match="first/: wrong SHA-256; .*second/: wrong SHA-256"):
        fetch(published({"a.bin": b"right"}, address(server, "first"), address(server, "second")))
    assert not list((cache / "set").iterdir())


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


def small_cifar10(images: int = 2) -> dict[str, bytes]:
    """Six files of a few records; every pixel of file f's image n is 10 f + n in red, 100 in green, 200 in blue."""
    content = {}
    for f, name in enumerate(cifar10.FILES.sha256):
        records = [bytes([n]) + bytes([10 * f + n]) * 1024 + bytes([100]) * 1024 + bytes([200]) * 1024
                   for n in range(images)]  # fmt: skip
        content[name] = b"".join(records)
    return content


def packed(content: dict[str, bytes], extra: tuple[str, ...] = ()) -> bytes:
    """A .tar.gz with the files in a folder; extra members are links out of it, as an attacker would pack them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(f"batches/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name in extra:
            member = tarfile.TarInfo(f"batches/{name}")
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return stream.getvalue()


def archived(content: dict[str, bytes], archive: bytes, *mirrors: str) -> Files:
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    return Files("set/batches", sums, mirrors, Archive("set.tar.gz", hashlib.sha256(archive).hexdigest(), "batches"))


def test_an_archive_is_downloaded_unpacked_and_removed(cache, server):
    content = small_cifar10()
    archive = packed(content)
    server.pages = {"/good/set.tar.gz": archive}
    files = archived(content, archive, address(server, "good"))
    for _ in range(2):  # the second time from the cache
        (x_train, y_train), (x_test, y_test) = cifar10.load_data(files)
    assert server.asked == ["/good/set.tar.gz"]
    assert x_train.shape == (10, 32, 32, 3) and y_train.ravel().tolist() == [0, 1] * 5
    assert x_train[3, 31, 31].tolist() == [11, 100, 200] and x_test[1, 5, 7].tolist() == [51, 100, 200]
    assert sorted(path.name for path in (cache / "set").rglob("*")) == sorted(["batches", *content])


def test_an_archive_that_the_user_has_is_used_and_kept(cache, monkeypatch, tmp_path):
    content = small_cifar10()
    archive = packed(content)
    write(tmp_path / "mine/set", {"set.tar.gz": archive})
    monkeypatch.setenv("LOOPNET_DATA", str(tmp_path / "mine"))
    paths = fetch(archived(content, archive, NOWHERE))
    assert paths == {name: cache / "set/batches" / name for name in content}
    assert (tmp_path / "mine/set/set.tar.gz").read_bytes() == archive


@pytest.mark.parametrize("fault", ["a link", "missing", "wrong bytes", "not an archive"])
def test_an_archive_that_is_not_what_it_should_be(cache, server, fault):
    content = small_cifar10()
    name = next(iter(content))
    others = {key: data for key, data in content.items() if key != name}
    archive = {
        "a link": packed(others, extra=(name,)),
        "missing": packed(others),
        "wrong bytes": packed(content | {name: b"wrong"}),
        "not an archive": b"text",
    }[fault]
    server.pages = {"/good/set.tar.gz": archive}
    with pytest.raises(DataError, match="set.tar.gz"):
        fetch(archived(content, archive, address(server, "good")))
    assert not (cache / "set/batches" / name).exists()


def test_no_archive_and_no_network_says_what_to_do(cache):
    content = small_cifar10()
    with pytest.raises(DataError, match=r"--remote-name-all 'http://127.0.0.1:9/set.tar.gz' and copy the file to"):
        fetch(archived(content, packed(content), NOWHERE))


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
