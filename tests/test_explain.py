"""The arithmetic of the page of a trained network, in a real browser: its numbers are loopnet's."""

import numpy as np
import pytest
from explained import NETWORKS, images_for, small

from loopnet import Model, Sequential, layers
from loopnet.explain import describe, explain
from loopnet.lenet import lenet5

pytest_plugins = ["browser"]


def run(tab, image):
    """The output of each layer of the page for an image, by name."""
    outputs = tab.evaluate(
        """image => {
            network.run(image);
            return network.layers.map((layer, n) => [layer.name, Array.from(network.values[n])]);
        }""",
        image.reshape(-1).tolist(),
    )
    return {name: np.array(values) for name, values in outputs}


def layer_by_layer(model, images):
    """The output of each layer of the model, run one by one by the textbook's loops."""
    model.compile(model.optimizer or "sgd", model.loss, backend="literal")
    x = model._ready().pack(images.astype(model.dtype))
    outputs = {}
    for layer in model.layers:
        x = layer.forward(x)
        outputs[layer.name] = np.array(x)
    return outputs


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_computes_what_loopnet_computes(name, opened):
    model = NETWORKS[name]()
    images = images_for(model)
    predicted = model.predict(images)
    expected = layer_by_layer(model, images)
    tab = opened(explain(model, images))
    for n, image in enumerate(images):
        given = run(tab, image)
        for layer, outputs in expected.items():
            softmax = given.get(f"{layer}/softmax", given[layer])
            np.testing.assert_allclose(softmax, outputs[n].reshape(-1), rtol=1e-5, atol=1e-5, err_msg=f"{name} {layer}")
        last = list(given.values())[-2 if "probabilities" in given else -1]
        np.testing.assert_allclose(last, predicted[n], rtol=1e-5, atol=1e-5)
        if "probabilities" in given:
            powers = np.exp(predicted[n] - predicted[n].max())
            np.testing.assert_allclose(given["probabilities"], powers / powers.sum(), atol=1e-5)


def test_the_loops_are_the_kernels_to_the_last_bit(opened):
    model = lenet5(seed=2)
    images = images_for(model)
    expected = layer_by_layer(model, images)
    given = run(opened(explain(model, images)), images[0])
    for layer, outputs in expected.items():
        np.testing.assert_array_equal(given[layer].astype(np.float32), outputs[0].reshape(-1), err_msg=layer)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_sum_taken_apart_comes_to_what_the_layer_has(name, opened):
    """For every kind of layer and some of its numbers, at corners and inside: the steps end at the layer's number."""
    model = NETWORKS[name]()
    tab = opened(explain(model, images_for(model)))
    wrong = tab.evaluate("""() => {
        const wrong = [];
        network.layers.forEach((layer, n) => {
            if (n === 0 || layer.kind === "softmax") return;
            const size = network.values[n].length;
            for (let index = 0; index < size; index += Math.max(1, Math.floor(size / 37))) {
                const { terms, sum, value, bias } = network.explain(n, index);
                let last = terms.length ? terms.at(-1).total : bias ?? 0;
                if (layer.kind === "average_pool") last = Math.fround(last / terms.length);
                if (layer.kind === "batch_norm") last = sum;
                const apart = terms.some((t) => t.w !== undefined && Math.abs(t.product - t.x * t.w) > 1e-6);
                if (Math.abs(last - sum) > 1e-6 || apart || value !== network.values[n][index]) wrong.push([n, index]);
                if (terms.some((t) => t.x !== network.values[n - 1][t.from])) wrong.push([n, index, "from"]);
            }
        });
        return wrong;
    }""")
    assert wrong == []


def test_the_terms_of_a_convolution_by_hand(opened):
    """Output (0, 1) of a 2x2 window at stride 2 over a 3x4 image, by hand."""
    model = small(layers.Conv2D(1, 2, strides=2), layers.Flatten(), layers.Dense(2), shape=(3, 4, 1))
    model.layers[0].w.value = np.array([1, 10, 100, 1000], np.float32).reshape(2, 2, 1, 1)
    model.layers[0].b.value = np.array([0.5], np.float32)
    tab = opened(explain(model, np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)))
    terms = tab.evaluate("network.explain(1, 1).terms.map(({ from, x, w, total }) => [from, x, w, total])")
    assert terms == [[2, 2, 1, 2.5], [3, 3, 10, 32.5], [6, 6, 100, 632.5], [7, 7, 1000, 7632.5]]
    assert tab.evaluate("network.pixelsOf(1, 1)") == {"top": 0, "left": 2, "height": 2, "width": 2}


# ---- what it cannot show

REFUSED: dict[str, list[layers.Layer]] = {
    "a page cannot show LpPooling2D yet": [layers.LpPooling2D(), layers.Flatten(), layers.Dense(2)],
    "dense/log_softmax: a page cannot show LogSoftmax yet; expected one of relu": [
        layers.Flatten(), layers.Dense(2, "log_softmax", name="dense"),
    ],
    "channels last only": [
        layers.Conv2D(2, 3, padding="same", data_format="channels_first"), layers.Flatten(), layers.Dense(2),
    ],
    "expected an output of shape": [layers.Conv2D(2, 3)],
    "too large for a page, it has .* weights": [layers.Flatten(), layers.Dense(3000), layers.Dense(1000)],
    "too large for a page, it has .* products": [
        layers.Conv2D(64, 3), layers.Conv2D(256, 3, padding="same"), layers.Conv2D(64, 3), layers.GlobalMaxPooling2D(),
    ],
}  # fmt: skip


@pytest.mark.parametrize("complaint", REFUSED)
def test_what_a_page_cannot_show(complaint):
    stack = [type(layer)(**layer.config()) for layer in REFUSED[complaint]]  # models that share layers share weights
    shape = (3, 40, 3) if "channels" in complaint else (40, 40, 1)
    with pytest.raises(ValueError, match=complaint) as error:
        describe(Sequential([layers.Input(shape), *stack]))
    assert "\n" not in str(error.value)


def test_branches_that_meet():
    x = layers.Input((8, 8, 1))
    y = layers.Add(name="sum")([x, layers.Conv2D(1, 3, padding="same")(x)])
    with pytest.raises(ValueError, match="^sum: a page shows a chain of layers, and branches meet in Add; "):
        describe(Model(x, layers.Dense(2)(layers.Flatten()(y))))


@pytest.mark.parametrize("shape", [(8, 8, 2), (63,), (4, 4, 4, 1)])
def test_what_is_not_an_image(shape):
    model = Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match="expected a network for images"):
        explain(model)


@pytest.mark.parametrize("images, labels, complaint", [
    (np.zeros((2, 9, 9, 1)), None, "shape"),
    (np.zeros((0, 8, 8, 1)), None, "at least one"),
    (np.full((1, 8, 8, 1), np.nan), None, "finite"),
    (np.zeros((2, 8, 8, 1)), [1], "one label an image"),
])  # fmt: skip
def test_images_that_do_not_suit(images, labels, complaint):
    model = Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ValueError, match=complaint):
        explain(model, images, labels)
