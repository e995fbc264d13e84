"""Reading a picture as a network takes it. What the data sets do with images is in test_datasets.py."""

import numpy as np
import pytest
from PIL import Image

from loopnet.images import read_image, resize_bilinear

BAR = np.zeros((32, 32), np.uint8)  # a digit 1, white on black
BAR[6:26, 14:18] = 255


def read(tmp_path, image: Image.Image, name: str = "image.png", size: tuple[int, int] = (32, 32), like=None, **save):
    image.save(tmp_path / name, **save)
    x, done = read_image(tmp_path / name, *size, like)
    assert x.shape == (1, *size, 1) and x.dtype == np.float32
    return x[0, :, :, 0], done


def test_white_on_black_stays(tmp_path):
    x, done = read(tmp_path, Image.fromarray(BAR))
    np.testing.assert_array_equal(x, BAR / np.float32(255))
    assert done == "32x32"


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1"])
def test_black_on_white_is_inverted_whatever_the_mode(tmp_path, mode):
    x, done = read(tmp_path, Image.fromarray(255 - BAR).convert(mode))
    np.testing.assert_allclose(x, BAR / 255, atol=0.01)
    assert done == "32x32, inverted: light background"


def test_black_on_transparent_is_black_on_white(tmp_path):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[..., 3] = BAR
    x, done = read(tmp_path, Image.fromarray(pixels))
    np.testing.assert_array_equal(x, BAR / np.float32(255))
    assert "inverted" in done


def test_16_bits_are_scaled_not_clipped(tmp_path):
    x, _ = read(tmp_path, Image.fromarray(BAR.astype(np.uint16) * 100))
    assert x.max() == pytest.approx(100 / 257, abs=0.01)


def test_a_photo_on_its_side_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the top of the scene is on the right of the picture
    x, _ = read(tmp_path, Image.fromarray(np.rot90(BAR).copy()), exif=exif)
    np.testing.assert_array_equal(x, BAR / np.float32(255))


def test_28x28_is_padded_as_mnist_is(tmp_path):
    x, done = read(tmp_path, Image.fromarray(BAR[2:30, 2:30]))
    np.testing.assert_array_equal(x, BAR / np.float32(255))
    assert done == "28x28, padded to 32x32"


def test_large_and_oblong_keeps_its_proportions(tmp_path):
    tall = np.full((640, 320), 255, np.uint8)
    tall[160:480, 120:200] = 0
    x, done = read(tmp_path, Image.fromarray(tall))
    assert done == "640x320, inverted: light background, scaled to 32x16, padded to 32x32"
    assert not x[:, :8].any() and not x[:, 24:].any()
    assert np.all(x[9:23, 15:17] == 1) and x.sum() == pytest.approx(16 * 4, abs=0.5)


def test_8x8_is_scaled_up(tmp_path):
    small = np.zeros((8, 8), np.uint8)
    small[2:6, 3:5] = 255
    x, done = read(tmp_path, Image.fromarray(small))
    assert done == "8x8, scaled to 32x32"
    assert x.sum() == pytest.approx(8 * 16, rel=0.01)


# ---- what is written in a larger picture


def paper(*inked: tuple[slice, slice], size: tuple[int, int] = (300, 400)) -> Image.Image:
    """Ink on grey paper."""
    pixels = np.full(size, 200, np.uint8)
    for rows, columns in inked:
        pixels[rows, columns] = 60
    return Image.fromarray(pixels)


def test_a_picture_for_mnist_fits_20x20_by_its_centre_of_mass(tmp_path):
    """An L of 80 by 80, a quarter as large: its upright is 20 by 5, its foot 5 by 15 to the right of it. By hand: the
    centre of mass is (100 * 10 + 75 * 17.5) / 175 = 13.2 below its top and (100 * 2.5 + 75 * 12.5) / 175 = 6.8 from its
    left; to lie in the middle of 32 by whole pixels, its corner is at row 3 and column 9.
    """
    x, done = read(tmp_path, paper((slice(15, 95), slice(300, 320)), (slice(75, 95), slice(320, 380))), like="mnist")
    assert done == "300x400, inverted: light background, fitted as the images of mnist are, padded to 32x32"
    rows, columns = np.nonzero(x > 0.1)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 22, 9, 28)
    assert x.max() == 1 and x[4:22, 10:13].min() == 1 and x[3:17, 15:].max() == 0


def test_a_picture_for_the_digits_fills_their_dots(tmp_path):
    """A bar of 100 by 20 becomes 32 high and, stretched by half as much again, 32 / 100 * 1.5 * 20 = 10 wide."""
    x, done = read(tmp_path, paper((slice(20, 120), slice(50, 70))), like="digits")
    assert done == "300x400, inverted: light background, fitted as the images of digits are"
    dots = np.zeros((8, 8))
    dots[:, 3:5], dots[:, [2, 5]] = 16, 4  # columns 11 to 20 of 32: one of four, four, four, one of four
    np.testing.assert_allclose(x, resize_bilinear(dots[np.newaxis] / 16, 32, 32)[0], atol=1 / 255)


@pytest.mark.parametrize("like", ["mnist", "digits"])
def test_where_and_how_large_it_is_written_makes_no_difference(tmp_path, like):
    small, _ = read(tmp_path, paper((slice(20, 60), slice(30, 40)), (slice(50, 60), slice(40, 60))), like=like)
    large, _ = read(tmp_path, paper((slice(80, 240), slice(90, 130)), (slice(200, 240), slice(130, 210))), like=like)
    np.testing.assert_allclose(small, large, atol=0.1)


@pytest.mark.parametrize("like", [None, "fashion_mnist", "mnist", "digits"])
def test_an_empty_picture_stays_empty(tmp_path, like):
    x, done = read(tmp_path, paper(), like=like)
    assert done == "300x400, inverted: light background, scaled to 24x32, padded to 32x32" and np.ptp(x[4:28]) == 0


@pytest.mark.parametrize("like", ["mnist", "digits"])
@pytest.mark.parametrize("size", [8, 28, 32])
def test_what_is_no_larger_than_the_input_is_not_fitted(tmp_path, like, size):
    image = Image.fromarray(np.eye(size, dtype=np.uint8) * 255)
    np.testing.assert_array_equal(read(tmp_path, image, like=like)[0], read(tmp_path, image)[0])


def test_a_network_smaller_than_mnist_s_images_gets_the_whole_picture(tmp_path):
    _, done = read(tmp_path, paper((slice(20, 120), slice(50, 70))), size=(16, 16), like="mnist")
    assert done == "300x400, inverted: light background, scaled to 12x16, padded to 16x16"


def test_not_an_image(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:2000])
    (tmp_path / "text.png").write_text("not an image")
    for name in ("half.png", "text.png"):
        with pytest.raises(ValueError, match=f"{name}: not an image that can be read"):
            read_image(tmp_path / name, 32, 32)
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "absent.png", 32, 32)
