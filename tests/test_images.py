"""Reading a picture as a network takes it. What the data sets do with images is in test_datasets.py."""

import numpy as np
import pytest
from PIL import Image

from loopnet.images import read_image

BAR = np.zeros((32, 32), np.uint8)  # a digit 1, white on black
BAR[6:26, 14:18] = 255


def read(tmp_path, image: Image.Image, name: str = "image.png", size: tuple[int, int] = (32, 32), **save):
    image.save(tmp_path / name, **save)
    x, done = read_image(tmp_path / name, *size)
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
