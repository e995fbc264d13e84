"""Sequential as a user meets it: the articles' counts, Keras's shapes, saving, repeatability, one clear error each."""

import numpy as np
import pytest

import loopnet
from loopnet import lenet, utils
from loopnet.callbacks import BestWeights, Callback
from loopnet.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D, Softmax
from loopnet.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy

LOGITS = SparseCategoricalCrossentropy(from_logits=True)


def tutorial_net(**kwargs):
    """The network of the Keras tutorial, written as it is there."""
    model = loopnet.Sequential(**kwargs)
    model.add(Conv2D(32, (5, 5), activation="relu", input_shape=(28, 28, 1)))
    model.add(MaxPooling2D((2, 2)))
    model.add(Conv2D(64, (5, 5), activation="relu"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Flatten())
    model.add(Dense(10, activation="softmax"))
    return model


def small_net(seed=0, **kwargs):
    return loopnet.Sequential(
        [Input((8, 8, 1)), Conv2D(3, 3, activation="relu"), MaxPooling2D(2), Flatten(), Dense(4)], seed=seed, **kwargs
    )


def small_data(images=20, seed=0):
    random = np.random.default_rng(seed)
    return random.random((images, 8, 8, 1), np.float32), random.integers(0, 4, images)


# ---- shapes and counts ---------------------------------------------------------------------------------------------


def test_the_tutorials_counts():
    model = tutorial_net()
    assert [layer.count_params() for layer in model.layers] == [832, 0, 51_264, 0, 0, 10_250]
    assert model.count_params() == 62_346
    assert [layer.output_shape for layer in model.layers] == [
        (None, 24, 24, 32),
        (None, 12, 12, 32),
        (None, 8, 8, 64),
        (None, 4, 4, 64),
        (None, 1024),
        (None, 10),
    ]


def test_lenets_counts():
    model = lenet.lenet5()
    assert model.count_params() == 61_706
    assert [layer.count_params() for layer in model.layers if layer.parameters] == [156, 2_416, 48_120, 10_164, 850]
    assert model.input_shape == (None, 32, 32, 1) and model.output_shape == (None, 10)


def test_summary_has_keras_columns_and_counts():
    lines: list[str] = []
    tutorial_net().summary(print_fn=lines.append)
    text = "\n".join(lines)
    for words in ("Layer (type)", "Output Shape", "Param #", "conv2d (Conv2D)", "conv2d_1 (Conv2D)", "51,264",
                  "max_pooling2d (MaxPooling2D)", "(None, 24, 24, 32)", "Total params: 62,346"):  # fmt: skip
        assert words in text


@pytest.mark.parametrize(
    ("size", "window", "stride", "out", "before"),
    [
        (5, 3, 1, 5, 1),
        (5, 2, 1, 5, 0),
        (6, 3, 2, 3, 0),
        (7, 3, 2, 4, 1),
        (4, 5, 1, 4, 2),
        (5, 4, 3, 2, 1),
        (5, 1, 2, 3, 0),
    ],
)
def test_same_padding_is_tensorflows(size, window, stride, out, before):
    conv = Conv2D(1, window, strides=stride, padding="same")
    conv.build((size, size, 1))
    assert conv.output_shape == (None, out, out, 1)
    assert conv.pad == (before, before)


def test_a_model_may_wait_for_its_input_shape():
    model = loopnet.Sequential([Flatten(), Dense(4)])
    model.compile("sgd", LOGITS)
    x, y = small_data()
    model.fit(x, y, verbose=0)
    assert model.input_shape == (None, 8, 8, 1)


# ---- training ------------------------------------------------------------------------------------------------------


def test_history_has_keras_keys_and_learns():
    x, y = small_data(64)
    model = small_net()
    model.compile("adam", LOGITS, metrics=["accuracy"])
    history = model.fit(x, y, batch_size=7, epochs=30, verbose=0, validation_split=0.25).history
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert all(len(values) == 30 for values in history.values())
    assert history["loss"][-1] < history["loss"][0]


def test_one_hot_and_class_numbers_are_the_same_training():
    x, y = small_data()
    losses = []
    for loss, labels in ((SparseCategoricalCrossentropy, y), (CategoricalCrossentropy, utils.to_categorical(y, 4))):
        model = small_net()
        model.compile("adam", loss(from_logits=True))
        losses.append(model.fit(x, labels, epochs=3, verbose=0).history["loss"])
    assert losses[0] == losses[1]


def test_a_softmax_activation_and_a_softmax_layer_train_like_logits():
    x, y = small_data()
    body = [Input((8, 8, 1)), Flatten()]
    for ending in ([Dense(4, activation="softmax")], [Dense(4), Softmax()]):
        logits = loopnet.Sequential([Input((8, 8, 1)), Flatten(), Dense(4)], seed=1)
        ended = loopnet.Sequential([*body[:1], Flatten(), *ending], seed=1)
        logits.compile("sgd", LOGITS)
        ended.compile("sgd", "sparse_categorical_crossentropy")
        assert ended.train_on_batch(x, y) == logits.train_on_batch(x, y)
        z = logits.predict(x).astype(np.float64)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        np.testing.assert_allclose(ended.predict(x), p, rtol=1e-5)


@pytest.mark.parametrize("backend", ["literal", "parallel", "tuned"])
def test_same_seed_same_bits(backend):
    x, y = small_data()
    runs = []
    for _ in range(2):
        model = small_net(seed=3)
        model.compile("adam", LOGITS, backend=backend)
        model.fit(x, y, batch_size=6, epochs=2, verbose=0)
        runs.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    assert np.array_equal(runs[0], runs[1])


def test_the_last_batch_may_be_smaller_and_counts_by_its_images():
    x, y = small_data(10)
    model = small_net()
    model.compile("sgd", LOGITS)
    whole = model.evaluate(x, y, batch_size=10)
    assert model.evaluate(x, y, batch_size=4) == pytest.approx(whole, rel=1e-6)


def test_a_loop_of_ones_own_trains():
    import dataclasses

    calls = []
    ops = loopnet.get_ops("parallel")

    def mine(x, w, b, y, stride, pad):
        calls.append(x.shape)
        ops.conv2d_forward(x, w, b, y, stride, pad)

    model = small_net()
    model.compile("sgd", LOGITS, backend=dataclasses.replace(ops, conv2d_forward=mine))
    x, y = small_data()
    model.fit(x, y, batch_size=10, verbose=0)
    assert calls == [(10, 8, 8, 1)] * 2


def test_best_weights_puts_back_the_best_epoch():
    class Spoil(Callback):
        """After the first epoch, weights that no training would choose."""

        def on_epoch_end(self, epoch, logs):
            logs["val_accuracy"] = -float(epoch)
            if epoch == 0:
                self.good = self.model.get_weights()

    x, y = small_data()
    model, spoil, best = small_net(), Spoil(), BestWeights()
    model.compile("adam", LOGITS, metrics=["accuracy"])
    model.fit(x, y, epochs=3, validation_split=0.2, verbose=0, callbacks=[spoil, best])
    assert best.best_epoch == 0
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), spoil.good, strict=True))


# ---- weights travel ------------------------------------------------------------------------------------------------


def test_save_and_load_keep_everything(tmp_path):
    x, y = small_data()
    model = small_net()
    model.compile("adam", LOGITS, metrics=["accuracy"])
    model.fit(x, y, epochs=2, verbose=0, shuffle=False)
    model.save(tmp_path / "net.safetensors")
    again = loopnet.Sequential.load(tmp_path / "net.safetensors")
    assert np.array_equal(again.predict(x), model.predict(x))
    assert [repr(layer) for layer in again.layers] == [repr(layer) for layer in model.layers]
    model.fit(x, y, epochs=1, verbose=0, shuffle=False)
    again.fit(x, y, epochs=1, verbose=0, shuffle=False)
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), model.get_weights(), strict=True))


def test_a_file_knows_what_the_model_was_trained_on(tmp_path):
    model = small_net()
    names = tuple(f"class {k}" for k in range(model.output_shape[-1]))
    model.save(tmp_path / "unknown.safetensors")
    model.trained_on, model.classes = "letters", names
    model.save(tmp_path / "known.safetensors")
    known, unknown = (loopnet.Sequential.load(tmp_path / f"{name}.safetensors") for name in ("known", "unknown"))
    assert (known.trained_on, known.classes) == ("letters", names)
    assert (unknown.trained_on, unknown.classes) == (None, None)
    for wrong in (names[1:], (*names[1:], "\x1b[31m"), (*names[1:], "x" * 101), (*names[1:], None)):
        model.classes = wrong
        with pytest.raises(ValueError, match="expected"):
            model.save(tmp_path / "known.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 100, (2**60).to_bytes(8, "little") + b"{}"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="net.safetensors: not a model"):
        loopnet.Sequential.load(path)


# ---- one clear error each ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: loopnet.Sequential([Input((4, 4, 1)), Conv2D(1, 5)]), r"conv2d: the window 5x5 is larger .* 4x4"),
        (lambda: loopnet.Sequential([Input((4, 4, 1)), MaxPooling2D(5)]), r"max_pooling2d: the window 5x5 is larger"),
        (lambda: loopnet.Sequential([Input((9,)), Conv2D(1, 3)]), r"conv2d: expected input .*channels\), given"),
        (lambda: loopnet.Sequential([Input((4, 4, 1)), Dense(3)]).compile("sgd", LOGITS), r"dense: .* add Flatten\(\)"),
        (lambda: Conv2D(0, 3), r"filters: expected a positive integer, given 0"),
        (lambda: Conv2D(1, (3, 3, 3)), r"kernel_size: expected a positive integer or a pair"),
        (lambda: Conv2D(1, 3, padding="full"), r"expected padding 'valid' or 'same', given 'full'"),
        (lambda: Conv2D(1, 3, activation="rellu"), r"unknown activation 'rellu'"),
        (lambda: Dense(3, kernel_initializer="he"), r"unknown initializer 'he'"),
        (lambda: small_net(dtype="float16"), r"expected dtype 'float32' or 'float64', given 'float16'"),
        (lambda: small_net().compile("adamm", LOGITS), r"unknown optimizer 'adamm'; expected one of sgd"),
        (lambda: small_net().compile("adam", "mse2"), r"unknown loss 'mse2'"),
        (lambda: small_net().compile("adam", LOGITS, metrics=["acuracy"]), r"unknown metric 'acuracy'"),
        (lambda: small_net().compile("adam", LOGITS, backend="cuda9"), r"unknown backend 'cuda9'"),
        (lambda: small_net().compile("adam", "categorical_crossentropy"), r"dense: .* expects probabilities, given"),
        (lambda: small_net().fit(*small_data()), r"choose a loss first"),
        (lambda: small_net().set_weights([np.zeros((3, 3, 1, 3))]), r"expected 4 arrays, given 1"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((5, 8)), np.zeros(5, int), r"expected input of shape \(None, 8, 8, 1\), given \(5, 8\)"),
        (np.zeros((5, 8, 8, 3)), np.zeros(5, int), r"expected input of shape \(None, 8, 8, 1\), given \(5, 8, 8, 3\)"),
        (np.zeros((0, 8, 8, 1)), np.zeros(0, int), r"expected at least one image"),
        (np.full((5, 8, 8, 1), np.nan), np.zeros(5, int), r"expected finite pixels, .* first in image 0"),
        (np.zeros((5, 8, 8, 1)), np.zeros(4, int), r"given 5 images and 4 labels"),
        (np.zeros((5, 8, 8, 1)), np.full(5, 4), r"expected class numbers 0 to 3, given 4 to 4"),
        (np.zeros((5, 8, 8, 1)), np.full(5, -1), r"expected class numbers 0 to 3, given -1 to -1"),
        (np.zeros((5, 8, 8, 1)), np.full(5, 0.5), r"expected whole numbers"),
        (np.zeros((5, 8, 8, 1)), np.array(list("abcde")), r"expected whole numbers"),
        (np.zeros((5, 8, 8, 1)), np.eye(4)[[0] * 5], r"for one-hot rows use categorical_crossentropy"),
        (np.array([["a"]]), np.zeros(1, int), r"expected numbers, given an array of"),
    ],
)
def test_data_that_does_not_fit_is_refused_before_any_step(x, y, message):
    model = small_net()
    model.compile("adam", LOGITS)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_table_has_rows_of_numbers():
    model = loopnet.Sequential([Input((4,)), Dense(3)])
    model.compile("sgd", LOGITS, backend="python")
    x, y = np.zeros((5, 4)), np.zeros(5, int)
    for images, labels, split, message in [
        (np.full((5, 4), np.inf), y, 0.0, "expected finite numbers, given NaN or infinity, first in row 0"),
        (x[:0], y[:0], 0.0, "expected at least one row"),
        (x, y[:4], 0.0, "expected one label for each row, given 5 rows and 4 labels"),
        (x, y, 0.9, "validation_split 0.9 of 5 rows leaves none to train on"),
        (x, y, 1e-20, "validation_split 1e-20 of 5 rows leaves none to validate on"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.fit(images, labels, verbose=0, validation_split=split)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64, ">f4"])
def test_numbers_of_any_kind_and_order_are_taken(dtype):
    x, y = small_data()
    x = np.floor(x * 255)
    model = small_net()
    model.compile("adam", LOGITS)
    expected = model.predict(x)
    given = np.asfortranarray(x.astype(dtype))
    given.flags.writeable = False
    assert np.array_equal(model.predict(given), expected)
