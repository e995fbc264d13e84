"""A beginner's own pictures, distorted as Keras does (golden/make_pictures_golden.py), and batches of them."""

import itertools
from typing import Any

import numpy as np
import pytest
from golden import pictures as asked
from own_pictures import compare, joined

import loopnet
from loopnet import layers, preprocessing, utils
from loopnet.preprocessing.image import ImageDataGenerator, apply_affine_transform
from loopnet.utils import image_dataset_from_directory, img_to_array, load_img, save_img


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures")
    asked.write(path)
    return path


@pytest.fixture
def generator():
    """Distorts a lot."""
    return ImageDataGenerator(rotation_range=30, zoom_range=0.3, horizontal_flip=True, width_shift_range=0.2)


X, Y = asked.noise(10, 6, 6, 3), np.arange(10) % 3
SPLIT = ImageDataGenerator(validation_split=0.3)


def test_distortions_are_keras_s():
    compare("warp", asked.distorted(ImageDataGenerator), 2e-6)  # of float32


def test_a_picture_turns_about_its_middle_and_is_wrapped_whole():
    x = asked.noise(5, 9, 2).astype(np.float32)
    half = ImageDataGenerator().apply_transform(x, {"theta": 180})
    np.testing.assert_allclose(half, x[::-1, ::-1], atol=1e-3)
    np.testing.assert_allclose(
        ImageDataGenerator(fill_mode="constant").apply_transform(x, {"theta": 180}), x[::-1, ::-1], atol=1e-3
    )
    moved = ImageDataGenerator(fill_mode="wrap").apply_transform(x, {"tx": 2, "ty": -11})
    np.testing.assert_allclose(moved, np.roll(x, (11, -2), (0, 1)), atol=1e-3)
    mirrored = ImageDataGenerator(fill_mode="reflect").apply_transform(x, {"tx": -3})
    np.testing.assert_allclose(mirrored, np.concatenate([x[:, 2::-1], x[:, :-3]], 1), atol=1e-3)
    far = ImageDataGenerator().apply_transform(x, {"ty": 100})
    np.testing.assert_allclose(far, np.broadcast_to(x[-1:], x.shape), atol=1e-3)
    square = asked.noise(4, 4, 1)
    quarter = apply_affine_transform(square, theta=90, row_axis=0, col_axis=1, channel_axis=2)
    np.testing.assert_array_equal(quarter, np.rot90(square))
    assert quarter.dtype == np.uint8


def test_each_range_does_what_it_is_called():
    def drawn(**how):
        generator = ImageDataGenerator(**how)
        return [generator.get_random_transform((40, 20, 3), seed=seed) for seed in range(300)]

    nothing = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1, "flip_horizontal": False,
               "flip_vertical": False, "channel_shift_intensity": None, "brightness": None}  # fmt: skip
    assert drawn()[0] == nothing
    cases: list[tuple[dict[str, Any], str, float, float]] = [
        ({"rotation_range": 30}, "theta", -30, 30),
        ({"width_shift_range": 0.2}, "tx", -4, 4),
        ({"height_shift_range": 0.2}, "ty", -8, 8),
        ({"height_shift_range": 2.5}, "ty", -2.5, 2.5),
        ({"shear_range": 15}, "shear", -15, 15),
        ({"zoom_range": 0.5}, "zx", 0.5, 1.5),
        ({"zoom_range": (0.5, 0.7)}, "zy", 0.5, 0.7),
        ({"channel_shift_range": 20}, "channel_shift_intensity", -20, 20),
        ({"brightness_range": (0.2, 0.6)}, "brightness", 0.2, 0.6),
    ]
    for how, key, low, high in cases:
        given = drawn(**how)
        values = [one[key] for one in given]
        assert low <= min(values) < low + 0.1 * (high - low) and high - 0.1 * (high - low) < max(values) <= high, how
        changed = {name for one in given for name, value in one.items() if value != nothing[name]}
        assert changed == ({"zx", "zy"} if "zoom_range" in how else {key})
    assert {one["tx"] for one in drawn(width_shift_range=3)} == {-2, -1, 0, 1, 2}
    assert {one["ty"] for one in drawn(height_shift_range=[4, 7])} == {-7, -4, 4, 7}
    for key in ("flip_horizontal", "flip_vertical"):
        how = {key.replace("flip_", "") + "_flip": True}
        assert 100 < sum(one[key] for one in drawn(**how)) < 200
    first = ImageDataGenerator(width_shift_range=0.5, data_format="channels_first")
    assert max(abs(first.get_random_transform((3, 4, 100))["tx"]) for _ in range(50)) > 10


def test_pictures_of_0_to_1_are_not_made_black_in_silence():
    x = np.full((3, 3, 1), 0.5, np.float32)
    with pytest.warns(UserWarning, match="makes those of 0 to 1 black"):
        ImageDataGenerator().apply_transform(x, {"brightness": 1.2})


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: ImageDataGenerator(zca_whitening=True), NotImplementedError, "zca_whitening is not in loopnet: use"),
        (lambda: ImageDataGenerator().flow_from_dataframe, NotImplementedError, "use flow_from_directory"),
        (lambda: ImageDataGenerator(fill_mode="edge"), ValueError, "fill_mode: expected one of nearest, .* 'edge'"),
        (lambda: ImageDataGenerator(interpolation_order=3), ValueError, "order: expected 0 or 1, given 3"),
        (lambda: ImageDataGenerator(validation_split=1), ValueError, "validation_split: .* given 1"),
        (lambda: ImageDataGenerator(zoom_range=(1, 2, 3)), ValueError, r"zoom_range: .* given \[1, 2, 3\]"),
        (lambda: ImageDataGenerator(brightness_range=0.5), ValueError, "brightness_range: expected two numbers"),
        (lambda: ImageDataGenerator(data_format="first"), ValueError, "data_format: .* given 'first'"),
        (lambda: ImageDataGenerator().apply_transform(X[0], {"angle": 3}), ValueError, "theta, .* given angle"),
        (lambda: ImageDataGenerator().fit(X[0]), ValueError, r"fit: expected images .* given shape \(6, 6, 3\)"),
        (lambda: ImageDataGenerator().flow(X[0]), ValueError, r"flow: expected images .* given shape \(6, 6, 3\)"),
        (lambda: ImageDataGenerator().flow(X, Y[:3]), ValueError, r"expected y for each of the 10 images, .*\(3,\)"),
        (lambda: ImageDataGenerator().flow(X, None, sample_weight=Y), ValueError, "expected y with sample_weight"),
        (lambda: ImageDataGenerator().flow(X, batch_size=0), ValueError, "batch_size: expected a positive"),
        (lambda: ImageDataGenerator().flow(X, subset="training"), ValueError, r"\(validation_split=...\) with it"),
        (lambda: SPLIT.flow(X, subset="test"), ValueError, "subset: expected .* given 'test'"),
        (lambda: SPLIT.flow(X, np.sort(Y), subset="validation"), ValueError, "subset 'validation' lacks classes of y"),
    ],
)
def test_a_generator_refuses_in_words(run, error, message):
    with pytest.raises(error, match=message):
        run()


# ---- the batches of it


def test_batches_of_arrays():
    weights = np.linspace(0, 1, 10)
    batches = ImageDataGenerator(rescale=0.5).flow(X, Y, batch_size=4, shuffle=False, sample_weight=weights)
    assert len(batches) == 3
    x, y, w = list(itertools.islice(batches, 4))[-1]  # for ever
    np.testing.assert_array_equal(x, X[:4] * np.float32(0.5))
    assert (y.tolist(), w.tolist(), x.dtype) == (Y[:4].tolist(), weights[:4].tolist(), np.float32)
    assert batches[2][0].shape == (2, 6, 6, 3)
    np.testing.assert_array_equal(batches[-1][1], Y[8:])
    with pytest.raises(IndexError, match="batch 3 of 3"):
        batches[3]
    batches.reset()
    np.testing.assert_array_equal(next(batches)[0], X[:4] * np.float32(0.5))
    np.testing.assert_array_equal(batches.next()[1], Y[4:8])
    np.testing.assert_array_equal(ImageDataGenerator().flow(X, shuffle=False)[0], X)  # images alone
    parts = [SPLIT.flow(X, Y, shuffle=False, subset=subset)[0] for subset in ("validation", "training")]
    np.testing.assert_array_equal(np.concatenate([y for _, y in parts]), Y)
    assert [len(x) for x, _ in parts] == [3, 7]


def test_an_epoch_shows_each_picture_once_in_an_order_of_its_own(generator):
    plain = ImageDataGenerator().flow(X, np.arange(10), batch_size=4, seed=3)
    orders = [joined(next(plain)[1].tolist() for _ in range(3)) for _ in range(3)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len(set(map(tuple, orders))) == 3
    plain.on_epoch_end()
    assert joined(plain[i][1].tolist() for i in range(3)) not in orders
    x, y = plain[0]
    np.testing.assert_array_equal(x, X[y])


def test_the_seed_fixes_pictures_and_their_masks_alike(generator):
    masks = X[..., :1] > 127
    pictures, of_them, others = (generator.flow(x, seed=seed) for x, seed in ((X, 8), (masks, 8), (X, 9)))
    shown = [next(pictures), next(pictures)]
    assert not np.array_equal(shown[0], shown[1])
    assert not np.array_equal(next(others), shown[0])
    again = generator.flow(X[..., :1], seed=8)
    np.testing.assert_allclose(next(again), shown[0][..., :1], atol=1e-3)
    assert next(of_them).shape == (10, 6, 6, 1)
    np.testing.assert_array_equal(generator.random_transform(X[0], seed=3), generator.random_transform(X[0], seed=3))


@pytest.mark.parametrize(
    ("mode", "labels"),
    [
        ("categorical", [[1, 0]] * 6 + [[0, 1]] * 4),
        ("binary", [0] * 6 + [1] * 4),
        ("sparse", [0] * 6 + [1] * 4),
        ("input", None),
        (None, None),
    ],
)
def test_batches_from_a_folder(mode, labels, folder, capsys):
    how: dict[str, Any] = {"target_size": (8, 7), "class_mode": mode, "shuffle": False, "batch_size": 16}
    batches = ImageDataGenerator(rescale=1 / 255).flow_from_directory(folder, **how)
    assert capsys.readouterr().out == "Found 10 images belonging to 2 classes.\n"  # a GIF is not among its formats
    assert batches.class_indices == {"cats": 0, "dogs": 1}
    assert (batches.samples, batches.n, batches.num_classes, batches.image_shape) == (10, 10, 2, (8, 7, 3))
    assert batches.filenames == [path.removeprefix(f"{folder}/") for path in batches.filepaths]
    assert batches.filenames[-1] == "dogs/more/0.png"
    assert batches.classes.tolist() == batches.labels.tolist() == [0] * 6 + [1] * 4
    batch = batches[0]
    images = batch if mode is None else batch[0]
    assert (images.shape, images.dtype) == ((10, 8, 7, 3), np.float32)
    expected = img_to_array(load_img(folder / "cats/1.png", target_size=(8, 7))) / 255
    np.testing.assert_allclose(images[1], expected, rtol=1e-6)
    if mode == "input":
        np.testing.assert_array_equal(*batch)
    elif mode is not None:
        assert (batch[1].tolist(), batch[1].dtype) == (labels, np.float32)


def test_more_of_a_folder(folder, tmp_path, capsys):
    grey = ImageDataGenerator(data_format="channels_first", validation_split=0.34)
    how: dict[str, Any] = {"target_size": (5, 4), "color_mode": "grayscale", "classes": ["dogs", "cats"]}
    batches = grey.flow_from_directory(folder, subset="validation", save_to_dir=tmp_path, save_prefix="seen", **how)
    assert batches.class_indices == {"dogs": 0, "cats": 1}
    assert sorted(batches.filenames) == ["cats/0.png", "cats/1.png", "dogs/0.png"]  # of each class the first third
    assert next(batches)[0].shape == (3, 1, 5, 4)
    seen = sorted(path.name for path in tmp_path.iterdir())
    assert seen == ["seen_0_1.png", "seen_1_1.png", "seen_2_1.png"]
    assert load_img(tmp_path / seen[0], "grayscale").size == (4, 5)
    rest = grey.flow_from_directory(folder, subset="training", **how)
    assert rest.samples == 7 and not set(rest.filenames) & set(batches.filenames)
    with pytest.raises(ValueError, match="no images in .*; expected a folder in it for each class"):
        ImageDataGenerator().flow_from_directory(tmp_path)
    with pytest.raises(FileNotFoundError, match="mice"):
        ImageDataGenerator().flow_from_directory(folder, classes=["mice"])
    with pytest.raises(ValueError, match="class_mode: expected one of .* given 'int'"):
        ImageDataGenerator().flow_from_directory(folder, class_mode="int")


def test_a_generator_learns_means_of_distorted_pictures_too():
    generator = ImageDataGenerator(featurewise_std_normalization=True, rotation_range=40)
    with pytest.warns(UserWarning, match=r"do nothing before fit\(x\)"):
        generator.standardize(X[0])
    generator.fit(X, augment=True, rounds=2, seed=1)
    assert generator.mean is not None and generator.mean.shape == (1, 1, 3)
    once = generator.mean
    generator.fit(X, augment=True, rounds=2, seed=1)
    np.testing.assert_array_equal(generator.mean, once)
    generator.fit(X)
    np.testing.assert_allclose(generator.mean[0, 0], X.mean((0, 1, 2)), rtol=1e-6)
    assert not np.array_equal(generator.mean, once)


# ---- in training


def test_a_network_learns_cats_from_dogs(tmp_path):
    """The listings of Keras's and TensorFlow's tutorials on own pictures, by hand: dogs are dark here."""
    for name, level in (("cats", 200), ("dogs", 60)):
        (tmp_path / name).mkdir()
        for n in range(8):
            save_img(tmp_path / name / f"{n}.jpg", level + asked.noise(9, 9 + n, 3) / 8, scale=False)
    train, validation = image_dataset_from_directory(
        tmp_path, image_size=(8, 8), batch_size=4, validation_split=0.25, subset="both", seed=1, label_mode="binary"
    )
    train = train.cache().shuffle(1000).prefetch(buffer_size=loopnet.data.AUTOTUNE)
    model = loopnet.Sequential([
        layers.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(),
        layers.Dense(1, activation="sigmoid"),
    ], seed=1)  # fmt: skip
    model.compile(loopnet.optimizers.Adam(0.03), "binary_crossentropy", metrics=["accuracy"], backend="python")
    for _ in range(12):
        for images, labels in train:
            model.train_on_batch(images, labels)
    assert all(model.test_on_batch(*batch)[1] == 1 for batch in validation)
    generator = ImageDataGenerator(horizontal_flip=True, rotation_range=20)
    for images, labels in itertools.islice(generator.flow_from_directory(tmp_path, (8, 8), class_mode="binary"), 2):
        model.train_on_batch(images, labels)
    picture = img_to_array(load_img(tmp_path / "dogs/0.jpg", target_size=(8, 8)))
    assert model.predict(picture[None], verbose=0)[0, 0] > 0.5
    assert preprocessing.image.load_img is loopnet.keras.preprocessing.image.load_img is utils.load_img
