"""A beginner's own pictures, read and found as Keras does (golden/make_pictures_golden.py)."""

import io
from typing import Any

import numpy as np
import pytest
from golden import pictures as asked
from golden.check import golden
from own_pictures import compare, joined
from PIL import Image, UnidentifiedImageError

from loopnet import utils
from loopnet.data import Dataset
from loopnet.utils import array_to_img, image_dataset_from_directory, img_to_array, load_img, save_img


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures")
    asked.write(path)
    return path


# ---- one picture


def test_pictures_are_read_as_keras_reads_them(folder):
    given = asked.loaded(utils, folder)
    compare("load", given, 0)
    assert all(array.dtype == golden("pictures")[f"load/{key}"].dtype for key, array in given.items())


def test_a_picture_goes_into_a_file_and_back(tmp_path):
    x = asked.noise(6, 5, 3).astype(np.float32)
    save_img(tmp_path / "as it is.png", x, scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(tmp_path / "as it is.png")), x)
    save_img(str(tmp_path / "first.bmp"), x.transpose(2, 0, 1), data_format="channels_first", scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(str(tmp_path / "first.bmp"))), x)
    stream = io.BytesIO()
    save_img(stream, x, file_format="png", scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(io.BytesIO(stream.getvalue()))), x)
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        save_img(tmp_path / "flat.JPG", np.full((8, 8, 4), 90), scale=False, quality=95)
    img = load_img(tmp_path / "flat.JPG")
    assert (img.mode, img_to_array(img).mean()) == ("RGB", 90)


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda path: load_img(path / "cats/notes.txt"), UnidentifiedImageError, "notes.txt: not an image that can be"),
        (lambda path: load_img(path / "none.png"), FileNotFoundError, "none.png"),
        (lambda path: load_img(3), TypeError, "expected a path or an open file, given int"),
        (lambda path: load_img(path, color_mode="grey"), ValueError, 'expected "rgb", .* given \'grey\''),
        (lambda path: load_img(path, interpolation="area"), ValueError, "interpolation: expected one of .* 'area'"),
        (lambda path: load_img(path / "cats/0.png", target_size=(0, 3)), ValueError, r"target_size: .* given \(0, 3\)"),
        (lambda path: img_to_array(np.zeros(3)), ValueError, r"given shape \(3,\)"),
        (lambda path: img_to_array(np.zeros((3, 3)), "last"), ValueError, "data_format: expected .* given 'last'"),
        (lambda path: array_to_img(np.zeros((3, 3))), ValueError, r"expected one image .* given .* \(3, 3\)"),
        (lambda path: array_to_img(np.zeros((3, 3, 2))), ValueError, r"expected 1, 3 or 4 channels, .*\(3, 3, 2\)"),
    ],
)
def test_what_is_not_a_picture_is_refused_in_words(run, error, message, folder):
    with pytest.raises(error, match=message):
        run(folder)


# ---- a folder of them


def test_a_folder_is_read_as_keras_reads_it(folder):
    compare("folder", asked.found(utils, folder), 2e-6)  # of float32


def test_what_was_found_is_said(folder, capsys):
    both = image_dataset_from_directory(folder, validation_split=0.3, subset="both", seed=7)
    lines = ["Found 11 files belonging to 2 classes.", "Using 8 files for training.", "Using 3 files for validation."]
    assert capsys.readouterr().out.splitlines() == lines
    image_dataset_from_directory(folder, labels=None)
    assert capsys.readouterr().out == "Found 12 files.\n"  # with the hidden folder's, as in Keras
    files = [golden("pictures")[f"folder/{part}/files"].tolist() for part in ("training", "validation")]
    assert [[path.removeprefix(f"{folder}/") for path in part.file_paths] for part in both] == files


def brief(batches) -> list[list[float]]:
    """The mean of each picture, which tells them apart."""
    return [np.round(images.mean((1, 2, 3)).astype(float), 3).tolist() for images, _ in batches]


def test_a_data_set_is_a_sequence_of_batches(folder):
    data = image_dataset_from_directory(folder, batch_size=4, image_size=(6, 5), seed=1)
    assert len(data) == 3
    images, labels = data[0]
    assert (images.shape, images.dtype, labels.dtype) == ((4, 6, 5, 3), np.float32, np.int32)
    assert data[2][0].shape == data[-1][0].shape == (3, 6, 5, 3)
    assert type(images[0].numpy().astype("uint8")) is np.ndarray  # as TensorFlow's tutorial shows it
    assert data.class_names[labels[0]] in ("cats", "dogs")
    np.testing.assert_array_equal(data[0][0], images)
    for index in (3, -4):
        with pytest.raises(IndexError, match=f"batch {index} of 3"):
            data[index]


def test_each_epoch_has_an_order_of_its_own_and_each_picture_its_label(folder):
    how: dict[str, Any] = {"batch_size": 4, "image_size": (6, 5), "verbose": False}
    still = image_dataset_from_directory(folder, shuffle=False, **how)
    label_of = {mean: int(label) for (images, labels), means in zip(still, brief(still), strict=True)
                for mean, label in zip(means, labels, strict=True)}  # fmt: skip
    assert len(label_of) == 11
    data, again = (image_dataset_from_directory(folder, seed=5, **how) for _ in range(2))
    epochs = []
    for _ in range(3):
        epochs.append([data[i] for i in range(len(data))])
        data.on_epoch_end()
    epochs += [list(data) for _ in range(2)]
    orders = [joined(brief(epoch)) for epoch in epochs]
    assert len({tuple(order) for order in orders}) == 5
    for epoch, order in zip(epochs, orders, strict=True):
        assert sorted(order) == sorted(label_of)
        assert [label_of[mean] for mean in order] == np.concatenate([labels for _, labels in epoch]).tolist()
    assert brief(again[i] for i in range(3)) == brief(epochs[0])  # of the same seed
    still.on_epoch_end()
    assert joined(brief(still)) == list(label_of)


def test_a_loop_within_a_loop_is_left_alone(folder):
    data = image_dataset_from_directory(folder, batch_size=1, image_size=(4, 4), seed=2)
    outer = []
    for batch in data:
        outer += brief([batch])[0]
        list(data.take(2))
    assert len(set(outer)) == 11


def test_orders_come_from_the_seed_for_everything(folder):
    runs = []
    for _ in range(2):
        utils.set_random_seed(4)
        data = image_dataset_from_directory(folder, image_size=(4, 4))
        runs.append((data.file_paths, brief(data)))
    assert runs[0] == runs[1]
    utils.set_random_seed(5)
    assert image_dataset_from_directory(folder, image_size=(4, 4)).file_paths != runs[0][0]


def test_the_words_of_tf_data(folder, monkeypatch):
    data = image_dataset_from_directory(folder, batch_size=2, image_size=(4, 4), shuffle=False)
    means = brief(data)
    assert brief(data.take(2)) == means[:2] and len(data.take(2)) == 2 and len(data.take(9)) == 6
    assert brief(data.skip(2)) == means[2:] and brief(data.skip(1).take(2)) == means[1:3]
    assert brief(data.take(-1)) == means
    assert data.prefetch(buffer_size=-1) is data
    mixed = data.shuffle(1000, seed=1)
    first, second = brief(mixed), brief(mixed)
    assert first != second and sorted(first) == sorted(second) == sorted(means) != first
    assert sorted(brief(data.take(2).shuffle(100))) == sorted(means[:2])
    halved = data.map(lambda images, labels: (images / 2, labels), num_parallel_calls=-1).map(lambda x, y: x)
    np.testing.assert_allclose(halved[1], data[1][0] / 2)
    bare = image_dataset_from_directory(folder, label_mode=None, image_size=(4, 4), shuffle=False)
    np.testing.assert_allclose(bare.map(lambda images: images + 1)[0], bare[0] + 1)
    assert bare.class_names is None

    kept = data.cache().take(2)
    assert brief(kept) == means[:2]
    monkeypatch.setattr(Image, "open", None)
    assert brief(kept) == brief(kept.prefetch(1)) == means[:2]
    with pytest.raises(OSError, match="not an image"):
        list(data)


def test_it_is_a_data_set_of_tf_data(folder):
    data = image_dataset_from_directory(folder, image_size=(4, 4), batch_size=5, shuffle=False)
    assert isinstance(data, Dataset) and data.cardinality() == len(data) == 3
    labels = [label for _, label in data.unbatch().as_numpy_iterator()]
    assert labels == np.concatenate([labels for _, labels in data]).tolist() and len(labels) == 11
    assert [len(images) for images, _ in data.unbatch().batch(8)] == [8, 3]
    assert [len(images) for images, _ in data.repeat().take(4)] == [5, 5, 1, 5]
    assert len(list(data.filter(lambda images, labels: len(labels) == 5))) == 2
    kept = image_dataset_from_directory(folder, image_size=(4, 4), batch_size=1, shuffle=False)
    fixed = kept.shuffle(99, seed=1, reshuffle_each_iteration=False).map(lambda images, labels: images.mean())
    assert [float(x) for x in fixed] == [float(x) for x in fixed]


def test_a_damaged_picture_is_named(folder, tmp_path):
    (tmp_path / "a").mkdir()
    whole = (folder / "cats/0.png").read_bytes()
    (tmp_path / "a/half.png").write_bytes(whole[: len(whole) // 2])
    data = image_dataset_from_directory(tmp_path, image_size=(4, 4))
    with pytest.raises(OSError, match=r"a.half\.png: not an image that can be read"):
        data[0]


def test_a_small_file_of_too_many_pixels_is_not_unpacked(tmp_path, monkeypatch):
    Image.new("1", (8001, 8000)).save(tmp_path / "large.png")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    with pytest.raises(OSError, match=r"large\.png: .*8001x8000 pixels, more than 64,000,000"):
        load_img(tmp_path / "large.png")


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"directory": "nowhere"}, FileNotFoundError, "nowhere"),
        ({"directory": "nowhere", "labels": None}, FileNotFoundError, "nowhere"),
        ({"directory": "cats"}, ValueError, "no images found in .*cats; expected a folder in it for each class"),
        ({"directory": "cats/more", "labels": None}, ValueError, r"no images found in .*more\. Formats: \('.bmp'"),
        ({"labels": "given"}, ValueError, "labels: expected \"inferred\", None, or a list .* given 'given'"),
        ({"labels": [1, 2]}, ValueError, "labels: expected one for each of the 12 files in .*, given 2"),
        ({"labels": None, "class_names": ["cats"]}, ValueError, 'class_names: expected labels="inferred" with it'),
        ({"class_names": ["mice"]}, ValueError, r"expected folders in .*, \['cats', 'dogs'\], given \['mice'\]"),
        ({"class_names": ["cats"], "label_mode": "binary"}, ValueError, r"expected 2 classes, found \['cats'\]"),
        ({"label_mode": "sparse"}, ValueError, "label_mode: expected .* given 'sparse'"),
        ({"color_mode": "bgr"}, ValueError, "color_mode: expected .* given 'bgr'"),
        ({"batch_size": None}, ValueError, "batch_size: expected a positive integer, given None"),
        ({"image_size": 2.5}, ValueError, "image_size: expected .* given 2.5"),
        ({"interpolation": "bicubic"}, NotImplementedError, 'bicubic is not in loopnet: use interpolation="bilinear"'),
        ({"interpolation": "linear"}, ValueError, "interpolation: expected one of bilinear, nearest, given 'linear'"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, ValueError, "given both"),
        ({"format": "grain"}, NotImplementedError, "format='grain' is not in loopnet"),
        ({"validation_split": 1.5, "subset": "both"}, ValueError, "expected a share between 0 and 1, given 1.5"),
        ({"validation_split": 0.2}, ValueError, "expected validation_split and subset, or neither, given 0.2 and None"),
        ({"subset": "test", "validation_split": 0.2}, ValueError, "subset: expected .* given 'test'"),
        ({"subset": "training", "validation_split": 0.2}, ValueError, "you must provide a `seed` argument"),
        ({"subset": "both", "validation_split": 0.01, "seed": 1}, ValueError, "no validation images found"),
    ],
)
def test_a_folder_is_refused_in_words(how, error, message, folder):
    how = {"directory": ".", **how}
    with pytest.raises(error, match=message):
        image_dataset_from_directory(folder / how.pop("directory"), **how)


def test_what_tf_data_has_and_this_has_not(folder):
    data = image_dataset_from_directory(folder)
    assert not hasattr(data, "batch") and not hasattr(data, "nonsense")
    with pytest.raises(NotImplementedError, match="batch is not in loopnet: give batch_size to"):
        data.batch(32)
    with pytest.raises(NotImplementedError, match="cache: a file is not in loopnet"):
        data.cache("file")
