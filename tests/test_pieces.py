"""Data in pieces: batches from generators, by number, or of what can be gone through. Keras's answers are golden."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from golden import pieces as asked

from loopnet import utils
from loopnet.callbacks import BackupAndRestore, Callback, EarlyStopping, ModelCheckpoint
from loopnet.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from loopnet.model import Sequential
from loopnet.models import Model
from loopnet.ops import CPU_BACKENDS
from loopnet.optimizers import SGD

with np.load(Path(__file__).parent / "golden/pieces.npz", allow_pickle=False) as file:
    GOLDEN = dict(file)

rng = np.random.default_rng(0)
X, Y = rng.random((22, 8, 8, 1), np.float32), rng.integers(0, 3, 22)
COUNTS = rng.random(22)


def net(backend="tuned", **kwargs):
    stack = Conv2D(2, 3, activation="relu"), MaxPooling2D(), Dropout(0.2), Flatten(), Dense(3, activation="softmax")
    model = Sequential([Input((8, 8, 1)), *stack], seed=1)
    model.compile(**{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **kwargs},
                  backend=backend)  # fmt: skip
    return model


def batches(size=8, weights=None):
    """The images in batches of 8, 8 and 6."""
    for at in range(0, len(X), size):
        rows = slice(at, at + size)
        yield (X[rows], Y[rows]) if weights is None else (X[rows], Y[rows], weights[rows])


def endless(weights=None):
    while True:
        yield from batches(weights=weights)


class Numbered:
    """No subclass of anything. What was asked of it stands in ``asked``."""

    def __init__(self, size=8):
        self.size, self.asked = size, []

    def __len__(self):
        return -(-len(X) // self.size)

    def __getitem__(self, i):
        if not 0 <= i < len(self):
            raise IndexError(i)
        self.asked.append(i)
        return next(itertools.islice(batches(self.size), i, None))

    def on_epoch_end(self):
        self.asked.append("end")


class Tensor:
    """Another library's: it says what it holds in one of two ways."""

    def __init__(self, array, way):
        setattr(self, way, lambda *_, **__: array)

    def __len__(self):
        raise TypeError("not that one")


class ByNumpy(Tensor):
    def __init__(self, array):
        super().__init__(array, "numpy")


class ByArray(Tensor):
    def __init__(self, array):
        self.held = array

    def __array__(self, dtype=None, copy=None):
        return self.held


class Loader:
    """Can be gone through again and again; its batches are lists of tensors, as a DataLoader's are."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __iter__(self):
        return ([self.tensor(x), self.tensor(y)] for x, y in batches())


def same_bits(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


# ---- as Keras, and as arrays


@pytest.mark.filterwarnings("ignore:.*ran out of data")
def test_pieces_are_taken_as_keras_takes_them():
    line = Sequential([Input((1,)), Dense(1)], dtype="float64")
    line.compile(SGD(0.1), "mse", metrics=["mae"])
    answers = asked.answers(line, utils.PyDataset)
    assert answers.keys() == GOLDEN.keys()
    for name, values in answers.items():
        # Keras adds up losses in float32
        np.testing.assert_allclose(values, GOLDEN[name], rtol=1e-6, err_msg=name)


WAYS = {
    "generator": lambda: {"x": endless(), "steps_per_epoch": 3},
    "numbers": lambda: {"x": Numbered()},
    "numpy": lambda: {"x": Loader(ByNumpy)},
    "array": lambda: {"x": Loader(ByArray)},
}


@pytest.mark.parametrize(
    ("way", "backend"), [*itertools.product(WAYS, ["tuned"]), *itertools.product(["generator"], CPU_BACKENDS[:-1])]
)
def test_the_same_bits_as_from_arrays(way, backend):
    of_arrays, of_pieces = net(backend), net(backend)
    one = of_arrays.fit(X, Y, 8, 3, shuffle=False, verbose=0, validation_data=(X, Y))
    other = of_pieces.fit(**WAYS[way](), epochs=3, shuffle=False, verbose=0, validation_data=Numbered())
    assert same_bits(of_arrays, of_pieces)
    assert one.history == other.history and len(one.history["val_loss"]) == 3
    pieces = WAYS[way]()["x"]
    np.testing.assert_array_equal(of_pieces.predict(pieces, steps=3), of_arrays.predict(X, 8))
    assert of_pieces.evaluate(pieces, steps=3, verbose=0) == of_arrays.evaluate(X, Y, 8, verbose=0)


@pytest.mark.parametrize("weights", [COUNTS, None])
def test_weights_of_images_and_of_classes(weights):
    of_arrays, of_pieces = net(), net()
    of_classes = {"class_weight": {0: 3.0, 2: 0.5}} if weights is None else {}
    one = of_arrays.fit(X, Y, 8, shuffle=False, verbose=0, sample_weight=weights, **of_classes)
    other = of_pieces.fit(endless(weights), steps_per_epoch=3, verbose=0, **of_classes)
    assert same_bits(of_arrays, of_pieces) and one.history == other.history
    if weights is not None:
        looked = of_pieces.evaluate(batches(weights=weights), verbose=0)
        assert looked == of_arrays.evaluate(X, Y, 8, 0, weights) != of_arrays.evaluate(X, Y, 8, 0)


def test_a_model_learns_the_shape_of_its_input_from_the_first_piece():
    model = Sequential([Flatten(), Dense(3, activation="softmax")], seed=1)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(batches(), verbose=0)
    assert model.input_shape == (None, 8, 8, 1)


def test_a_look_at_several_outputs():
    model = net()
    both = Model(model.inputs, [model.layers[0].output, model.layers[-1].output])
    for found, expected in zip(both.predict(Numbered()), both.predict(X), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("piece", [lambda x: x, lambda x: (x,), lambda x: [x, "no labels"], lambda x: (x, None, None)])
def test_predict_looks_at_images_only(piece):
    model = net()
    np.testing.assert_array_equal(model.predict(piece(x) for x, _ in batches()), model.predict(X, 8))


# ---- what is asked, and when


def test_no_more_is_taken_from_a_generator_than_there_are_steps():
    taken = []

    def counted():
        for batch in endless():
            taken.append(batch)
            yield batch

    model, source = net(), counted()
    model.fit(source, steps_per_epoch=2, epochs=2, verbose=0, validation_data=source, validation_steps=1)
    assert len(taken) == 6
    model.evaluate(source, steps=2, verbose=0)
    model.predict(source, steps=1)
    assert len(taken) == 9


def test_batches_by_number_are_shuffled_and_told_of_the_end():
    data, held_out = Numbered(2), Numbered()
    net().fit(data, epochs=2, verbose=0, validation_data=held_out)
    one, other = data.asked[:11], data.asked[12:23]
    assert sorted(one) == sorted(other) == list(range(11)) and one != other != sorted(other)
    assert data.asked[11::12] == ["end", "end"] and held_out.asked == [0, 1, 2, "end"] * 2
    again = Numbered(2)
    net().fit(again, epochs=2, verbose=0)
    assert again.asked == data.asked  # the model's seed


def test_a_data_set_that_changes_between_epochs():
    class Grows(utils.PyDataset):
        batches = 1
        begun = 0

        def __len__(self):
            return self.batches

        def __getitem__(self, i):
            return X[i : i + 1], Y[i : i + 1]

        def on_epoch_begin(self):
            self.begun += 1

        def on_epoch_end(self):
            self.batches += 1

    class Steps(Callback):
        def __init__(self):
            self.seen = []

        def on_batch_end(self, batch, logs):
            self.seen.append(batch)

    data, steps = Grows(workers=4, use_multiprocessing=True, max_queue_size=3), Steps()
    net().fit(data, epochs=3, verbose=0, callbacks=steps)
    assert steps.seen == [0, 0, 1, 0, 1, 2] and data.begun == 3
    assert utils.Sequence is utils.PyDataset


def test_a_data_set_without_an_end():
    class Endless(utils.PyDataset):
        num_batches = None

        def __getitem__(self, i):
            return next(itertools.islice(batches(), i % 3, None))

    class LikeTensorFlow(Loader):
        def cardinality(self):
            return -1

    for data in (Endless(), LikeTensorFlow(ByArray)):
        with pytest.raises(ValueError, match=f"fit: an? {type(data).__name__} never ends; expected steps_per_epoch"):
            net().fit(data, verbose=0)
    of_arrays, of_pieces = net(), net()
    of_arrays.fit(X, Y, 8, 2, shuffle=False, verbose=0)
    of_pieces.fit(Endless(), epochs=2, steps_per_epoch=3, verbose=0)
    assert same_bits(of_arrays, of_pieces)


def test_what_has_ended_is_told():
    model = net()
    with pytest.warns(UserWarning, match=r"^fit: your input ran out of data after 1 of 3 epochs; .*ends$") as told:
        assert model.fit(batches(), epochs=3, verbose=0).epoch == [0]
    assert told[0].filename == __file__
    short = r"steps_per_epoch=4: there were 3 batches left, your input ran out of data$"
    with pytest.warns(UserWarning, match=f"^fit: {short}") as told:
        assert model.fit(Loader(ByArray), epochs=2, steps_per_epoch=4, verbose=0).epoch == [0, 1]
    assert len(told) == 2 and told[0].filename == __file__
    with pytest.warns(UserWarning, match=r"^evaluate: steps=4: there were 3") as told:
        model.evaluate(batches(), steps=4, verbose=0)
    assert told[0].filename == __file__


def test_what_can_be_gone_through_again_begins_anew_where_it_ended():
    """Although nobody knew how many batches there were."""
    of_arrays, of_pieces = net(), net()
    of_arrays.fit(X, Y, 8, 3, shuffle=False, verbose=0)
    of_pieces.fit(Loader(ByArray), epochs=3, steps_per_epoch=3, verbose=0)
    assert same_bits(of_arrays, of_pieces)


# ---- callbacks


def test_callbacks_hear_of_pieces_as_of_arrays(tmp_path, capsys):
    class Params(Callback):
        def __init__(self):
            self.seen = []

        def on_epoch_end(self, epoch, logs):
            self.seen.append(tuple(self.params[name] for name in ("steps", "batch_size", "images")))

    params, stops = Params(), EarlyStopping(min_delta=10, patience=1, restore_best_weights=True)
    best = ModelCheckpoint(tmp_path / "best-{epoch}", save_best_only=True)
    history = net().fit(Loader(ByArray), epochs=9, validation_data=Numbered(), callbacks=[params, stops, best])
    assert history.epoch == [0, 1] and (tmp_path / "best-1").exists()
    assert params.seen == [(None, None, None), (3, None, None)]  # they are counted in the first epoch
    assert "epoch 2/9" in capsys.readouterr().out


def test_a_training_is_stopped_between_two_batches():
    class Stop(Callback):
        def on_batch_end(self, batch, logs):
            self.model.stop_training = batch == 1

    data = Numbered()
    net().fit(data, epochs=3, shuffle=False, verbose=0, callbacks=Stop())
    assert data.asked == [0, 1]


def test_a_loss_that_is_no_number_is_found(capsys):
    model = net(optimizer=SGD(1e30))
    model.fit(Numbered(), epochs=3, shuffle=False, verbose=0)
    assert "epoch 1, batch 2: the loss is nan; training ends: " in capsys.readouterr().out


def test_a_run_on_pieces_is_not_taken_up_again(tmp_path):
    model, before = net(), net()
    with pytest.raises(NotImplementedError, match="BackupAndRestore: data in pieces is not in loopnet: give fit arr"):
        model.fit(Numbered(), verbose=0, callbacks=BackupAndRestore(tmp_path))
    assert same_bits(model, before)


def test_memory_is_made_once_for_each_size_of_batch(monkeypatch):
    model = net("literal")
    model.fit(Numbered(), shuffle=False, verbose=0)
    rooms = dict(model._room)
    model.fit(Numbered(), shuffle=False, epochs=3, verbose=0)
    assert {size for what, size in rooms if what == "x"} == {8, 6}
    assert all(model._room[key] is tensor for key, tensor in rooms.items()) and model._room.keys() == rooms.keys()


# ---- what does not fit

ONE_PIECE = (X[:4], Y[:4])

REFUSED = [
    (lambda m: m.fit(batches(), Y), "fit: expected no y beside data in pieces, given y and a generator; its bat"),
    (lambda m: m.fit(batches(), batch_size=8), "fit: expected no batch_size beside data in pieces"),
    (lambda m: m.fit(Numbered(), sample_weight=COUNTS), "expected no sample_weight .* and a Numbered"),
    (lambda m: m.fit(Numbered(), validation_split=0.5), "expected no validation_split beside data in pieces"),
    (lambda m: m.fit(X, Y, validation_data=Numbered(), validation_batch_size=3), "no validation_batch_size"),
    (lambda m: m.fit(X, Y, validation_data=3), r"validation_data=\(x, y\) or .*, or in pieces of these"),
    (lambda m: m.fit(Numbered(), steps_per_epoch=0), "fit: steps_per_epoch: expected a positive integer"),
    (lambda m: m.fit(X, Y, validation_data=endless(), validation_steps="all"), "validation_steps: expected a pos"),
    (lambda m: m.fit(X, Y, epochs=2, validation_data=batches()),
     "validation_data: expected validation_steps, given a generator, which can be gone through once, for 2 passes"),
    (lambda m: m.fit(endless), "fit: expected arrays x and y, given no y, and as x a function, which gives no"),
    (lambda m: m.fit(Numbered), "given no y, and as x a type, which gives no batches"),
    (lambda m: m.fit([ONE_PIECE]), "given no y, and as x a list, which gives no batches"),
    (lambda m: m.fit(iter([])), "fit: expected at least one batch, a list_iterator gave none"),
    (lambda m: m.fit(iter([X])), r"expected \(x, y\) .*, given an array of shape \(22, 8, 8, 1\); this was b"),
    (lambda m: m.fit(iter([{"x": X}])), r"expected \(x, y\) or \(x, y, sample_weight\), given a dict; this was"),
    (lambda m: m.fit(iter([ONE_PIECE * 2])), r"\(x, y, sample_weight\), given a tuple of 4; this was batch 1"),
    (lambda m: m.fit(iter([(X, None)])), "fit: expected arrays x and y, given no y"),
    (lambda m: m.fit(iter([(X[0], Y[0])])), r"given \(8, 8, 1\); for one alone add an axis.*; this was batch 1"),
    (lambda m: m.fit(endless(COUNTS), class_weight={0: 2.0}), "expected sample_weight or class_weight, given both"),
    (lambda m: m.evaluate(batches(), Y), "evaluate: expected no y beside data in pieces"),
    (lambda m: m.predict(batches(), 8), "predict: expected no batch_size beside data in pieces"),
    (lambda m: m.predict(iter(X)), r"predict: expected input of shape \(None, 8, 8, 1\), given \(8, 8, 1\)"),
    (lambda m: m.fit(iter([(X, Y + 5)])), "fit: labels: expected class numbers 0 to 2, given 5 to 7; this was bat"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_does_not_fit_is_refused_before_any_step(line, message):
    model = net()
    with pytest.raises(ValueError, match=message):
        line(model)
    assert same_bits(model, net())


def test_a_later_piece_that_does_not_fit_leaves_what_was_learned():
    model, until_then = net(), net()
    until_then.fit(X[:8], Y[:8], 8, shuffle=False, verbose=0)
    odd = iter([(X[:8], Y[:8]), (X[:8, 1:], Y[:8])])
    message = r"^fit: expected input of shape \(None, 8, 8, 1\), given \(8, 7, 8, 1\); this was batch 2 of a list_it"
    with pytest.raises(ValueError, match=message):
        model.fit(odd, verbose=0)
    assert same_bits(model, until_then)


def test_a_validation_that_comes_to_its_end():
    model = net()
    with pytest.raises(ValueError, match="^validation_data: the batches of an iterator come only once"):
        model.fit(Numbered(), epochs=2, verbose=0, validation_data=batches(), validation_steps=3)
    assert len(model.history.history["loss"]) == 1


def test_data_sets_that_do_not_say_what_they_have():
    class Half(utils.PyDataset):
        def __len__(self):
            return len(X) / 8

    with pytest.raises(NotImplementedError, match="PyDataset: expected a method __len__: how many batches there are"):
        net().fit(utils.PyDataset())
    with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
        net().fit(Half())
    Half.__len__ = lambda self: 3  # type: ignore[method-assign]
    with pytest.raises(NotImplementedError, match="Half: expected a method __getitem__"):
        net().fit(Half())


@pytest.mark.parametrize("x", [X, X.tolist(), [X], (X,), ByArray(X)], ids=["x", "list", "[x]", "(x,)", "tensor"])
def test_arrays_stay_arrays(x):
    model = net()
    np.testing.assert_array_equal(model.predict(x, batch_size=8), model.predict(X, batch_size=8))


def test_keras_s_older_names_say_who_takes_generators():
    for name in ("fit_generator", "evaluate_generator", "predict_generator"):
        with pytest.raises(NotImplementedError, match=f"{name} is not in loopnet: fit, evaluate and predict take gen"):
            getattr(net(), name)
