"""What is in the pictures, and the numbers behind them; how they look was looked at by people."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from loopnet import plot, utils
from loopnet.layers import Conv2D, Cropping2D, Dense, Flatten, Input, MaxPooling2D, SeparableConv2D, UpSampling2D
from loopnet.model import Sequential
from loopnet.plot.receptive import sensitivity

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (6, 8, 8), np.uint8)
COLOUR = RANDOM.integers(0, 256, (6, 8, 8, 3), np.uint8)


def captions(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_title()]


def network(**options):
    return Sequential([
        Input((12, 12, 1)), Conv2D(3, 3, activation="relu", **options), MaxPooling2D(), Conv2D(4, 2),
        Flatten(), Dense(5),
    ], seed=0)  # fmt: skip


# ---- data


@pytest.mark.parametrize("images", [GREY, GREY[..., np.newaxis], COLOUR, GREY / 255])
@pytest.mark.parametrize("labels", [[0, 1, 2, 0, 1, 2], [[0], [1], [2], [0], [1], [2]], np.eye(3)[[0, 1, 2, 0, 1, 2]]])
def test_show_dataset_names_every_image(images, labels):
    figure = plot.show_dataset(images, labels, n=4, classes=("cat", "dog", "frog"), columns=3)
    assert captions(figure) == ["cat", "dog", "frog", "cat"]
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 0, 0]
    assert len(plot.show_dataset(images, n=100).axes) == 6
    with pytest.raises(ValueError, match="as many labels as images, given 6 images and 2 labels"):
        plot.show_dataset(images, labels[:2])


def test_misclassified_shows_the_most_confident_mistakes_first():
    p = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    figure = plot.misclassified(GREY[:4], [1, 1, 1, 0], p)
    assert captions(figure) == ["1, taken for\n0 (90%)", "1, taken for\n0 (60%)"]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), GREY[1])
    assert figure.get_suptitle() == "2 of 4 wrong; the most confident first"
    logits = plot.misclassified(GREY[:4], [1, 1, 1, 0], np.log(p) + 3)
    assert captions(logits) == captions(figure)
    assert plot.misclassified(GREY[:1], [0], p[:1]).get_suptitle() == "0 of 1 wrong"


def test_confusion_matrix_counts():
    figure = plot.confusion_matrix([0, 0, 1, 2, 2], [0, 1, 1, 2, 2], classes=("a", "b", "c"))
    panel = figure.axes[0]
    texts = {text.get_position(): text.get_text() for text in panel.texts}
    assert texts == {(0, 0): "1", (1, 0): "1", (1, 1): "1", (2, 2): "2"}  # (column, row)
    assert figure.get_suptitle() == "Confusion matrix: 80.00% right"
    assert [label.get_text() for label in panel.get_yticklabels()] == ["a", "b", "c"]
    with pytest.raises(ValueError, match="as many labels as outputs"):
        plot.confusion_matrix([0, 1], [0])


# ---- convolution

IMAGE = np.arange(30.0).reshape(5, 6)


@pytest.mark.parametrize("loop", ["article", "python", "parallel", "tuned"])
@pytest.mark.parametrize("filter", ["vertical edge", "blur", [[1, 2], [3, 4]]])
def test_convolve_is_the_convolution_with_zeros_around(loop, filter):
    w = np.array(plot.FILTERS[filter] if isinstance(filter, str) else filter)
    before = (len(w) - 1) // 2
    x = np.pad(IMAGE, (before, len(w) - 1 - before))
    expected = [[(x[i : i + len(w), j : j + len(w)] * w).sum() for j in range(6)] for i in range(5)]
    np.testing.assert_allclose(plot.convolve(IMAGE, filter, loop), expected, atol=1e-12)


def test_each_colour_is_convolved_by_itself():
    y = plot.convolve(COLOUR[0], "sharpen")
    for c in range(3):
        np.testing.assert_allclose(y[..., c], plot.convolve(COLOUR[0][..., c], "sharpen"))


def test_what_cannot_be_convolved():
    with pytest.raises(ValueError, match="unknown filter 'glow'; there are vertical edge"):
        plot.convolve(IMAGE, "glow")
    with pytest.raises(ValueError, match="article's loop takes square filters"):
        plot.convolve(IMAGE, [[1, 2, 3]], loop="article")
    with pytest.raises(ValueError, match="expected an image"):
        plot.convolve(np.zeros(3), "blur")


def test_saved_images_are_clamped_not_wrapped(tmp_path):
    plot.save_image(tmp_path / "grey.png", [[-20, 300], [254.6, 7]])
    with Image.open(tmp_path / "grey.png") as image:
        assert np.asarray(image.convert("L")).tolist() == [[0, 255], [255, 7]]
    plot.save_image(tmp_path / "colour.png", np.array([[[256, -1, 128]]]))
    with Image.open(tmp_path / "colour.png") as image:
        assert image.convert("RGB").getpixel((0, 0)) == (255, 0, 128)
    with pytest.raises(ValueError, match="finite pixels"):
        plot.save_image(tmp_path / "nan.png", [[np.nan]])


@pytest.mark.parametrize("images", [GREY[:3], GREY[:3, ..., np.newaxis], COLOUR[:3], GREY[:3] / 255])
@pytest.mark.parametrize("filter", ["blur", "vertical edge", "sharpen"])
def test_plot_convolution_shows_both(images, filter):
    figure = plot.plot_convolution(images, filter)
    pictures = [axes for axes in figure.axes if axes.images]
    assert len(pictures) == 1 + 2 * 3 and captions(figure) == ["filter 3x3", "image", "filtered"]
    shown = np.asarray(pictures[1 + 3].images[0].get_array())
    if filter == "blur" and images.dtype == np.uint8 and images.ndim == 3:
        np.testing.assert_array_equal(shown, plot.convolve(images[0], "blur").astype(np.uint8))
    if filter == "vertical edge" and images.ndim == 3:
        np.testing.assert_allclose(shown, plot.convolve(images[0], filter))
    assert figure.get_suptitle() == filter.capitalize()
    assert len([axes for axes in plot.plot_convolution(images[0], filter).axes if axes.images]) == 3


# ---- networks


def test_plot_filters_shows_the_weights_on_one_scale():
    model = network()
    figure = plot.plot_filters(model)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 3 and captions(figure) == ["0", "1", "2"]
    np.testing.assert_array_equal(panels[2].images[0].get_array(), model.layers[0].weights[0][:, :, 0, 2])
    assert len({panel.images[0].get_clim() for panel in panels}) == 1

    deep = plot.plot_filters(model, "conv2d_1", channels=2)
    assert len([axes for axes in deep.axes if axes.images]) == 4 * 2
    assert deep.get_suptitle() == "conv2d_1: 4 filters of 2x2 (columns), the first 2 of 3 channels (rows)"
    with pytest.raises(ValueError, match="dense: Dense has no filters"):
        plot.plot_filters(model, -1)
    with pytest.raises(ValueError, match="no layer 'conv9'; there are conv2d, max_pooling2d"):
        plot.plot_filters(model, "conv9")


def test_plot_feature_maps_shows_what_each_layer_makes():
    model, image = network(), RANDOM.uniform(size=(12, 12))
    figure = plot.plot_feature_maps(model, image, most=2)
    assert [len(axes.images) for axes in figure.axes] == [1, 0, 0] + [1, 1, 1] * 3  # image, then 3, 3 and 4 maps
    expected = model.predict(image[np.newaxis, ..., np.newaxis])
    # the last of the maps, flattened and through the dense layer, are the outputs
    maps = plot.network.outputs_of_layers(model, image[np.newaxis, ..., np.newaxis])
    np.testing.assert_allclose(maps[-1], expected, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(figure.axes[3].images[0].get_array()), maps[0][0, :, :, 0])
    with pytest.raises(ValueError, match="expected an image of shape"):
        plot.plot_feature_maps(model, np.zeros((5, 5)))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("backend", ["parallel", "tuned"])
def test_the_receptive_field_by_shapes_is_that_by_gradient(padding, strides, backend):
    model = network(padding=padding, strides=strides)
    model.compile("sgd", "mse", backend=backend)
    images = RANDOM.uniform(size=(200, 12, 12, 1))
    # weights and activations above 0: otherwise a ReLU would be off, and a pixel unseen by chance
    model.set_weights([np.abs(w) + 0.1 for w in model.get_weights()])
    height, width = model.layers[2].output_shape[1:3]
    for cell in ((0, 0), (height // 2, width // 2), (height - 1, 0)):
        rows, columns = plot.receptive_field(model, "conv2d_1", cell)
        seen = np.argwhere(sensitivity(model, "conv2d_1", cell, images) > 0)
        assert (seen.min(axis=0).tolist(), (seen.max(axis=0) + 1).tolist()) == (
            [rows[0], columns[0]],
            [rows[1], columns[1]],
        )
        assert len(seen) == (rows[1] - rows[0]) * (columns[1] - columns[0])


def test_the_receptive_field_behind_an_upsampling():
    """Rows 3 to 5 of the copies are of rows 1 and 2 of the image; columns 2 and 3, of three copies each, of 0 and 1."""
    model = Sequential([Input((4, 3, 1)), UpSampling2D((2, 3)), Conv2D(1, (3, 2))], seed=1)
    assert plot.receptive_field(model, "conv2d", (3, 2)) == ((1, 3), (0, 2))
    sensed = sensitivity(model, "conv2d", (3, 2), np.ones((1, 4, 3, 1)))
    assert [tuple(where) for where in np.argwhere(sensed)] == [(1, 0), (1, 1), (2, 0), (2, 1)]


def test_the_receptive_field_behind_a_cropping_and_a_convolution_taken_apart():
    """Row 1 of 2x3 windows, 2 apart, is of rows 2 to 3 of what was cropped, and so of 3 to 4 of the image."""
    apart = SeparableConv2D(1, (2, 3), strides=(2, 1))
    model = Sequential([Input((7, 6, 2)), Cropping2D(((1, 1), (0, 2))), apart], seed=1)
    assert plot.receptive_field(model, "separable_conv2d", (1, 1)) == ((3, 5), (1, 4))
    sensed = np.argwhere(sensitivity(model, "separable_conv2d", (1, 1), np.ones((1, 7, 6, 2))))
    assert (sensed.min(axis=0).tolist(), sensed.max(axis=0).tolist()) == ([3, 1], [4, 3])


def test_receptive_field_of_lenet_by_hand():
    from loopnet.lenet import lenet5

    model = lenet5()
    assert plot.receptive_field(model, "conv1", (0, 0)) == ((0, 5), (0, 5))
    assert plot.receptive_field(model, "pool1", (1, 2)) == ((2, 8), (4, 10))
    assert plot.receptive_field(model, "conv2", (0, 0)) == ((0, 14), (0, 14))
    assert plot.receptive_field(model, "pool2", (4, 4)) == ((16, 32), (16, 32))
    assert plot.receptive_field(model, "dense1", (0, 0)) == ((0, 32), (0, 32))


def test_looking_leaves_the_network_as_it_was():
    model = network()
    asked, weights = [layer.needs_input_gradient for layer in model.layers], model.get_weights()
    figure = plot.plot_receptive_field(model, "conv2d_1", image=RANDOM.uniform(size=(12, 12)))
    assert figure.get_suptitle() == "conv2d_1, cell (2, 2): sees 6x6 pixels"
    assert [layer.needs_input_gradient for layer in model.layers] == asked == [False, True, True, True, True]
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"expected a cell inside \(4, 4\), given \(4, 0\)"):
        plot.plot_receptive_field(model, "conv2d_1", (4, 0))
    with pytest.raises(ValueError, match="a cell of Dense sees the whole image"):
        plot.plot_receptive_field(model, "dense")


def test_plot_architecture_names_every_tensor_and_layer():
    model = network()
    figure = plot.plot_architecture(model)
    texts = [text.get_text() for text in figure.axes[0].texts]
    for text in ("12x12x1", "10x10x3", "5x5x3", "4x4x4", "64", "5", *(layer.name for layer in model.layers)):
        assert text in texts, text
    assert isinstance(figure, Figure)


def test_plot_model_is_keras_s_name_for_it_and_writes_a_file(tmp_path):
    model, size = network(), {}
    for dpi in (50, 100):
        path = tmp_path / f"{dpi}.png"
        figure = utils.plot_model(model, path, show_shapes=True, show_layer_names=True, dpi=dpi)
        size[dpi] = Image.open(path).size
    assert figure.get_suptitle() == plot.plot_architecture(model).get_suptitle()
    assert size[100][1] in (2 * size[50][1], 2 * size[50][1] + 1)
    utils.plot_model(model, to_file=None)
    assert {path.name for path in tmp_path.iterdir()} == {"50.png", "100.png"}
    with pytest.raises(ValueError, match="'nonsense' is not supported"):
        utils.plot_model(model, tmp_path / "model.nonsense")


def test_history_shows_all_metrics_but_the_validation_s_on_panels_of_their_own():
    figure = plot.plot_history({"loss": [1, 2], "val_loss": [1, 2], "top_k_categorical_accuracy": [0.5, 0.6]})
    assert captions(figure) == ["Loss", "Top k categorical accuracy"]
