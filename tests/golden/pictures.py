"""A beginner's own pictures: calls whose answers are golden, by Keras's names and arguments.

`make_pictures_golden.py` makes them of Keras, `tests/test_preprocessing.py` and `tests/test_distortions.py` of loopnet.
The pictures are PNG and GIF files of chance, which every decoder reads alike; JPEG's decoders differ by a level or two.
"""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

LOADS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "grey": {"color_mode": "grayscale"},
    "rgba": {"color_mode": "rgba", "target_size": (5, 4)},
    "nearest": {"target_size": (6, 11)},
    **{how: {"target_size": (6, 11), "interpolation": how} for how in ("bilinear", "bicubic", "hamming", "box")},
    "lanczos": {"target_size": (20, 4), "interpolation": "lanczos"},
    "too wide": {"target_size": (8, 8), "interpolation": "bilinear", "keep_aspect_ratio": True},
    "too high": {"target_size": (4, 30), "keep_aspect_ratio": True},
}

FOLDERS: dict[str, dict[str, Any]] = {
    "as it is": {"image_size": (5, 6)},
    "larger": {"image_size": (17, 23), "batch_size": 3},
    "nearest": {"image_size": (5, 6), "interpolation": "nearest", "label_mode": "categorical"},
    "rgba": {"image_size": (9, 7), "color_mode": "rgba", "class_names": ["cats"]},
    "cropped": {"image_size": (6, 10), "crop_to_aspect_ratio": True},
    "padded": {"image_size": (10, 6), "pad_to_aspect_ratio": True},
    "padded wide": {"image_size": (6, 14), "pad_to_aspect_ratio": True},
    "other classes": {"image_size": (4, 4), "class_names": ["dogs", "cats"], "label_mode": "binary"},
    "channels first": {"image_size": (4, 3), "data_format": "channels_first"},
    "own labels": {"image_size": (4, 4), "labels": [2, 0, 1, 1, 0, 2, 0, 1, 2, 2, 1, 0]},
}

SPLITS: dict[str, dict[str, Any]] = {
    "training": {"subset": "training", "validation_split": 0.3, "seed": 7},
    "validation": {"subset": "validation", "validation_split": 0.3, "seed": 7},
    "unshuffled": {"subset": "validation", "validation_split": 0.45, "shuffle": False},
    "shuffled": {"seed": 3},
}

WARPS: dict[str, dict[str, Any]] = {
    "turned": {"theta": 30},
    "moved": {"tx": 2.25, "ty": -1.5},
    "sheared": {"shear": 20},
    "smaller": {"zx": 1.6, "zy": 1.3},
    "larger": {"zx": 0.6, "zy": 0.8},
    "all of it": {"theta": -17, "tx": 1.2, "ty": 2.6, "shear": -12, "zx": 1.2, "zy": 0.9},
}
FILLS: dict[str, dict[str, Any]] = {"nearest": {}, "reflect": {}, "constant": {"cval": 40.0}}

COLOURS: dict[str, dict[str, Any]] = {
    "brighter": {"brightness": 1.3},
    "darker": {"brightness": 0.35},
    "tinted": {"channel_shift_intensity": 25.5},
    "flipped": {"flip_horizontal": True, "theta": 10},
    "upside down": {"flip_vertical": True, "tx": 1},
}

SCALES: dict[str, dict[str, Any]] = {
    "rescale": {"rescale": 1 / 255},
    "function": {"rescale": 0.5, "preprocessing_function": lambda x: x - 3},
    "samplewise": {"samplewise_center": True, "samplewise_std_normalization": True},
    "featurewise": {"featurewise_center": True, "featurewise_std_normalization": True, "rescale": 1 / 255},
}


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).integers(0, 256, shape, dtype=np.uint8)


def write(folder: Path) -> None:
    """Six cats and five dogs of different sizes and kinds, and files that are not for a data set."""
    for name, count in (("cats", 6), ("dogs", 5)):
        (folder / name / "more").mkdir(parents=True)
        for n in range(count):
            shape = 9 + n, 14 - 2 * n + (name == "dogs"), 3
            Image.fromarray(noise(*shape)).save(folder / name / f"{n}.png")
    Image.fromarray(noise(8, 12)).save(folder / "cats/3.PNG")  # grey
    (folder / "cats/3.png").unlink()
    Image.fromarray(noise(8, 12).astype(np.uint16) * 250).save(folder / "cats/4.png")  # 16 bits
    Image.fromarray(noise(7, 10)).convert("P").save(folder / "dogs/1.gif")
    (folder / "dogs/1.png").unlink()
    Image.fromarray(noise(7, 9, 4)).save(folder / "dogs/2.png")  # with transparency
    (folder / "dogs/4.png").rename(folder / "dogs/more/0.png")
    (folder / "cats/notes.txt").write_text("no picture")
    (folder / ".hidden").mkdir()
    Image.fromarray(noise(7, 9)).save(folder / ".hidden/0.bmp")


def loaded(utils: Any, folder: Path) -> dict[str, np.ndarray]:
    """What ``load_img`` reads, as arrays, and what ``array_to_img`` makes of arrays."""
    arrays = {}
    for file in ("cats/0.png", "cats/3.PNG", "dogs/1.gif", "dogs/2.png"):
        for name, how in LOADS.items():
            arrays[f"{file}/{name}"] = utils.img_to_array(utils.load_img(folder / file, **how))
    img = utils.load_img(folder / "cats/4.png", color_mode="grayscale")
    arrays["16 bits"] = utils.img_to_array(img, data_format="channels_first", dtype="int32")
    for channels in (1, 3, 4):
        x = noise(5, 6, channels) * 1.7 - 20
        img = utils.array_to_img(x)
        arrays[f"scaled/{channels}/{img.mode}"] = np.asarray(img)
        turned = utils.array_to_img(np.abs(x.transpose(2, 0, 1) / 2), data_format="channels_first", scale=False)
        arrays[f"as they are/{channels}/{turned.mode}"] = np.asarray(turned)
    img = utils.array_to_img(np.full((2, 3, 1), 300.5), scale=False)
    arrays[f"large/{img.mode}"] = np.asarray(img)
    return arrays


def found(utils: Any, folder: Path) -> dict[str, np.ndarray]:
    """What ``image_dataset_from_directory`` finds and reads."""
    arrays = {}
    for name, how in FOLDERS.items():
        data = utils.image_dataset_from_directory(folder, shuffle=False, verbose=False, **how)
        if how.get("labels") is None:
            arrays[f"{name}/class_names"] = np.array(data.class_names or [])
        for number, batch in enumerate(data):
            for part, array in enumerate(batch if isinstance(batch, tuple) else [batch]):
                arrays[f"{name}/{number}/{part}"] = np.asarray(array)
    for name, how in SPLITS.items():
        data = utils.image_dataset_from_directory(folder, image_size=(4, 4), verbose=False, **how)
        arrays[f"{name}/files"] = np.array([Path(path).relative_to(folder).as_posix() for path in data.file_paths])
        arrays[f"{name}/labels"] = np.sort(np.concatenate([np.asarray(labels) for _, labels in data]))
    return arrays


def distorted(generator: Any) -> dict[str, np.ndarray]:
    """What ``ImageDataGenerator`` makes of a square picture with given amounts, and how it scales pictures."""
    x = noise(12, 12, 3).astype(np.float32)
    arrays = {}
    for fill, more in FILLS.items():
        for name, amounts in WARPS.items():
            arrays[f"{fill}/{name}"] = generator(fill_mode=fill, **more).apply_transform(x, amounts)
    for name, amounts in COLOURS.items():
        arrays[name] = generator().apply_transform(x, amounts)
    beyond = generator().apply_transform(x * 3 - 100, {"brightness": 0.8})
    first = generator(data_format="channels_first").apply_transform(x.transpose(2, 0, 1).copy(), {"theta": 50})
    pixels = generator(interpolation_order=0).apply_transform(x, {"theta": 33.0, "zx": 0.9})
    arrays |= {"beyond": beyond, "first": first, "pixels": pixels}
    for name, how in SCALES.items():
        scale = generator(**how)
        scale.fit(noise(6, 5, 4, 3))
        arrays[f"scaled/{name}"] = scale.standardize(x[:5, :4].copy())
    return arrays
