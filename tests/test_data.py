"""``tf.data.Dataset``: the elements, their order and their number, as TensorFlow 2.20 gives them."""

import itertools
from typing import Any

import numpy as np
import pytest

import loopnet as tf
from loopnet.layers import Dense, Flatten, Input
from loopnet.model import Sequential
from loopnet.utils import set_random_seed

Dataset = tf.data.Dataset
X, Y = np.arange(24, dtype=np.float32).reshape(6, 2, 2) / 24, np.array([0, 1, 2, 0, 1, 2])


def listed(dataset):
    """Its elements as lists and numbers."""

    def plain(element):
        if isinstance(element, tuple):
            return tuple(plain(part) for part in element)
        return {k: plain(v) for k, v in element.items()} if isinstance(element, dict) else element.tolist()

    return [plain(element) for element in dataset]


def net():
    model = Sequential([Input((2, 2)), Flatten(), Dense(3, activation="softmax")], seed=1)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# ---- where elements come from


def test_slices_are_rows_of_arrays_tuples_and_dictionaries():
    assert listed(Dataset.from_tensor_slices([[1, 2], [3, 4]])) == [[1, 2], [3, 4]]
    assert listed(Dataset.from_tensor_slices(([1, 2], [3.5, 4]))) == [(1, 3.5), (2, 4.0)]
    assert listed(Dataset.from_tensor_slices(({"a": [1, 2]}, [5, 6]))) == [({"a": 1}, 5), ({"a": 2}, 6)]
    assert listed(Dataset.from_tensor_slices(({"a": [1, 2]}, [5, 6])).batch(2)) == [({"a": [1, 2]}, [5, 6])]
    ((number, text),) = Dataset.from_tensor_slices(([1.5], np.array([7]))).take(1)
    assert (number.dtype, text.dtype) == (np.float32, np.int64)


def test_elements_are_tensors_one_by_one_and_in_batches():
    for image, label in Dataset.from_tensor_slices((X, Y)).take(1):
        assert isinstance(image, tf.Tensor) and image.numpy().shape == (2, 2)
        assert isinstance(label.numpy(), np.int64)
    for images, labels in Dataset.from_tensor_slices((X, Y)).batch(4).take(1):
        np.testing.assert_array_equal(images.numpy(), X[:4])
        assert labels[1].numpy() == 1
    (one,) = Dataset.from_tensor_slices((X, Y)).take(1).as_numpy_iterator()
    assert type(one[0]) is np.ndarray and type(one[1]) is np.int64


def test_range_one_element_and_two_side_by_side():
    assert listed(Dataset.range(2, 9, 3)) == [2, 5, 8]
    assert next(iter(Dataset.range(5, output_type=tf.int32))).dtype == np.int32
    assert next(iter(Dataset.range(5))).dtype == np.int64
    assert listed(Dataset.from_tensors((1, [2.0, 3]))) == [(1, [2.0, 3.0])]
    pairs = Dataset.zip((Dataset.range(2), Dataset.range(3, 9)))
    assert listed(pairs) == listed(Dataset.zip(Dataset.range(2), Dataset.range(3, 9))) == [(0, 3), (1, 4)]
    assert len(pairs) == 2


def test_a_generator_is_called_anew_for_each_pass():
    spec = tf.TensorSpec(shape=(None,), dtype=tf.int32), tf.TensorSpec((), tf.float32)
    signed = Dataset.from_generator(lambda n: (([i] * (i + 1), i) for i in range(n)), args=(2,), output_signature=spec)
    assert listed(signed) == listed(signed) == [([0], 0.0), ([1, 1], 1.0)]
    assert [part.dtype for part in next(iter(signed))] == [np.int32, np.float32]
    typed = Dataset.from_generator(lambda: [1, 2], output_types=tf.float32, output_shapes=())
    assert listed(typed) == [1.0, 2.0] and next(iter(typed)).dtype == np.float32
    assert listed(Dataset.from_generator(lambda: [(1, 2.0)]).batch(1)) == [([1], [2.0])]


# ---- what moves elements about


def test_the_order_of_repeat_and_batch_matters():
    five = Dataset.range(5)
    assert listed(five.batch(2).repeat(2)) == [[0, 1], [2, 3], [4], [0, 1], [2, 3], [4]]
    assert listed(five.repeat(2).batch(3)) == [[0, 1, 2], [3, 4, 0], [1, 2, 3], [4]]
    assert listed(five.repeat(2).batch(3, drop_remainder=True)) == [[0, 1, 2], [3, 4, 0], [1, 2, 3]]
    assert listed(five.batch(2, drop_remainder=True).batch(2)) == [[[0, 1], [2, 3]]]
    assert listed(five.repeat().skip(3).take(4)) == [3, 4, 0, 1]
    assert listed(five.take(-1)) == [0, 1, 2, 3, 4] and listed(five.skip(-1)) == listed(five.repeat(0)) == []
    assert listed(Dataset.range(0).repeat()) == []


def test_shuffle_before_batch_moves_elements_and_after_it_batches():
    data = Dataset.range(100)
    elements, batches = data.shuffle(100, seed=1).batch(10), data.batch(10).shuffle(10, seed=1)
    assert sorted(sum(listed(elements), [])) == sorted(sum(listed(batches), [])) == list(range(100))
    assert all(batch != sorted(batch) for batch in listed(elements))
    assert all(batch == list(range(batch[0], batch[0] + 10)) for batch in listed(batches))
    assert listed(batches) != listed(data.batch(10))


def test_a_new_order_in_each_pass_unless_it_is_told_not_to():
    again, same = (Dataset.range(50).shuffle(50, seed=3, reshuffle_each_iteration=new) for new in (True, False))
    assert listed(again) != listed(again) and listed(same) == listed(same)
    twice = listed(Dataset.range(50).shuffle(50, seed=3).repeat(2))
    assert sorted(twice[:50]) == sorted(twice[50:]) == list(range(50)) and twice[:50] != twice[50:]
    assert listed(Dataset.range(50).shuffle(50, seed=3)) == listed(Dataset.range(50).shuffle(50, seed=3))

    def drawn():
        set_random_seed(5)
        return listed(Dataset.range(50).shuffle(50))

    assert drawn() == drawn()


def test_a_small_buffer_moves_elements_forward_by_less_than_its_size():
    """And as TensorFlow's: with b that wait, the first comes out n steps late with chance (1 - 1/b)^n / b."""
    mixed = listed(Dataset.range(1000).shuffle(10, seed=1))
    assert sorted(mixed) == list(range(1000)) != mixed
    assert max(number - place for place, number in enumerate(mixed)) == 9
    assert listed(Dataset.range(9).shuffle(1)) == list(range(9))
    late = [listed(Dataset.range(40).shuffle(4, seed=seed)).index(0) for seed in range(2000)]
    shares = np.bincount(late, minlength=4)[:4] / 2000
    np.testing.assert_allclose(shares, [0.25 * 0.75**n for n in range(4)], atol=0.035)
    assert sorted(listed(Dataset.range(3).repeat().shuffle(2).take(4)))[0] == 0  # of what has no end


def test_a_cache_keeps_the_first_whole_pass():
    calls = []

    def called(x):
        calls.append(int(x))
        return x * 2

    data = Dataset.range(4).map(called).cache()
    assert listed(data.take(2)) == [0, 2] and len(calls) == 2
    assert listed(data) == listed(data) == [0, 2, 4, 6] and len(calls) == 6  # what was cut off was not kept
    mixed = Dataset.range(30).shuffle(30).cache()
    assert listed(mixed) == listed(mixed)
    assert listed(Dataset.range(30).cache().shuffle(30).repeat(1)) != list(range(30))


# ---- what looks at them


def test_map_sees_an_element_or_a_batch():
    shapes = []

    def halve(x, y):
        shapes.append((x.shape, y.shape))
        return x / 2, y

    data = Dataset.from_tensor_slices((X, Y))
    first = next(iter(data.map(halve, num_parallel_calls=tf.data.AUTOTUNE).batch(4)))
    assert shapes == [((2, 2), ())] * 4
    np.testing.assert_array_equal(first[0], X[:4] / 2)
    shapes.clear()
    listed(data.batch(4).map(halve))
    assert shapes == [((4, 2, 2), (4,)), ((2, 2, 2), (2,))]


def test_what_map_may_give():
    two = Dataset.range(2)
    assert listed(two.map(lambda x: 1.5)) == [1.5, 1.5] and next(iter(two.map(lambda x: 1.5))).dtype == np.float32
    assert listed(two.map(lambda x: [x, x + 1])) == [(0, 1), (1, 2)]
    assert listed(two.map(lambda x: (x, [x, x + 1]))) == [(0, [0, 1]), (1, [1, 2])]
    assert listed(two.map(lambda x: {"a": x}).map(lambda row: row["a"] + 1)) == [1, 2]
    assert listed(two.map(lambda x: tf.one_hot(x, 2)).batch(2)) == [[[1, 0], [0, 1]]]


def test_filter_enumerate_concatenate_unbatch():
    assert listed(Dataset.from_tensor_slices(([1, 2, 3], [4, 5, 6])).filter(lambda x, y: y > 4)) == [(2, 5), (3, 6)]
    assert listed(Dataset.range(2).enumerate(5)) == [(5, 0), (6, 1)]
    both = Dataset.range(2).concatenate(Dataset.range(7, 9))
    assert listed(both) == [0, 1, 7, 8] and len(both) == 4
    assert listed(Dataset.range(5).batch(2).unbatch().batch(3)) == [[0, 1, 2], [3, 4]]
    assert listed(Dataset.from_tensor_slices([[1, 2], [3, 4]]).unbatch()) == [1, 2, 3, 4]


ENDLESS, UNKNOWN = tf.data.INFINITE_CARDINALITY, tf.data.UNKNOWN_CARDINALITY
ODD = Dataset.range(5).filter(lambda x: x % 2 == 1)


@pytest.mark.parametrize(
    ("dataset", "count"),
    [
        (Dataset.range(5), 5), (Dataset.range(5).batch(2), 3), (Dataset.range(5).batch(2, True), 2), (ODD, UNKNOWN),
        (Dataset.range(5).repeat(3), 15), (Dataset.range(5).repeat(), ENDLESS), (Dataset.range(0).repeat(), 0),
        (ODD.repeat(), ENDLESS), (ODD.repeat(0), 0), (Dataset.range(5).repeat().take(7), 7), (ODD.take(1), UNKNOWN),
        (Dataset.range(5).repeat().skip(7), ENDLESS), (Dataset.range(5).skip(2), 3), (Dataset.range(5).skip(9), 0),
        (Dataset.range(5).repeat().batch(2), ENDLESS), (Dataset.range(5).batch(2).unbatch(), UNKNOWN),
        (Dataset.range(3).concatenate(Dataset.range(2).repeat()), ENDLESS), (ODD.concatenate(ODD), UNKNOWN),
        (Dataset.zip(Dataset.range(3), Dataset.range(2).repeat()), 3), (Dataset.zip(ODD, Dataset.range(2)), UNKNOWN),
        (Dataset.range(5).map(lambda x: x).shuffle(2).cache().enumerate().prefetch(1), 5),
    ],
)  # fmt: skip
def test_how_many_there_are(dataset, count):
    assert dataset.cardinality().numpy() == count and dataset.cardinality().dtype == np.int64
    assert bool(dataset)
    if count >= 0:
        assert len(dataset) == count == len(list(dataset))
        return
    with pytest.raises(TypeError, match="the length of the data set is " + {-1: "infinite", -2: "unknown"}[count]):
        len(dataset)


# ---- training


def test_training_has_the_same_bits_as_from_arrays():
    data = Dataset.from_tensor_slices((X, Y))
    one, other, endless = net(), net(), net()
    history = one.fit(X, Y, 4, 2, shuffle=False, validation_data=(X, Y), verbose=0).history
    batches = data.batch(4).prefetch(tf.data.AUTOTUNE)
    of_batches = other.fit(batches, epochs=2, validation_data=data.batch(6), verbose=0).history
    assert of_batches.keys() == history.keys()
    for name, values in history.items():
        assert of_batches[name] == pytest.approx(values, rel=1e-6), name
    endless.fit(batches.repeat(), epochs=2, steps_per_epoch=2, verbose=0)
    for model in (other, endless):
        for a, b in zip(one.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one.predict(data.batch(4)), one.predict(X))
    assert one.evaluate(batches, verbose=0) == pytest.approx(one.evaluate(X, Y, verbose=0), rel=1e-6)


def test_many_rows_are_taken_a_batch_at_a_time():
    """Nothing looks at single elements: as many are looked up as there are batches."""
    looked = []

    def look(at):
        looked.append(np.shape(at))
        return tf.constant(0)

    data = Dataset.from_tensor_slices((np.zeros((1000, 3)), np.arange(1000)))
    data._look = look
    list(data.shuffle(1000).skip(100).repeat(2).batch(100).shuffle(3).cache().take(10).prefetch(2))
    assert looked == [(100,)] * 10


# ---- errors

LIST: Any = [1, 2]
HALF: Any = 2.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: net().fit(Dataset.from_tensor_slices((X, Y)).repeat().batch(2)), "a Dataset never ends; expected s"),
        (lambda: net().fit(Dataset.from_tensor_slices((X, Y)).batch(2), batch_size=3), "fit: expected no batch_size"),
        (lambda: net().fit(Dataset.from_tensor_slices((X, Y))), r"expected input .*\(None, 2, 2\), given \(2, 2\)"),
        (lambda: Dataset.from_tensor_slices((X, Y[:3])), r"same number of rows, given shapes \[\(6, 2, 2\), \(3,\)\]"),
        (lambda: Dataset.from_tensor_slices(5), r"from_tensor_slices: expected arrays .* given shapes \[\(\)\]"),
        (lambda: Dataset.from_tensor_slices(None), "from_tensor_slices: expected numbers, given None"),
        (lambda: Dataset.from_generator(LIST), r"from_generator: expected a function .* given \[1, 2\]"),
        (lambda: list(Dataset.from_generator(lambda: [1], output_signature=tf.TensorSpec([2]))), r"\(2,\), given \(\)"),
        (lambda: list(Dataset.from_generator(lambda: [Y], output_signature=tf.TensorSpec([2]))), r"given \(6,\)"),
        (lambda: list(Dataset.from_generator(lambda: [1], (tf.int32, tf.int32))), "elements of 2 parts, given 1"),
        (lambda: Dataset.zip(Dataset.range(2), [1]), r"zip: expected data sets, given \[1\]"),
        (lambda: Dataset.range(HALF), "range: expected a whole number .* given 2.5"),
        (lambda: Dataset.range(5).batch(0), "batch: batch_size: expected a positive integer, given 0"),
        (lambda: Dataset.range(5).shuffle(0), "shuffle: buffer_size: expected a whole number of at least 1, given 0"),
        (lambda: Dataset.range(5).take(HALF), "take: count: expected a whole number of at least -1, given 2.5"),
        (lambda: list(Dataset.from_generator(lambda: [[1], [1, 2]]).batch(2)), "batch: expected elements of one shape"),
        (lambda: list(Dataset.range(2).map(lambda x: None)), "map: expected numbers, given None"),
        (lambda: list(Dataset.range(2).filter(lambda x: x)), r"filter: expected True or False .* given array\(0\)"),
        (lambda: list(Dataset.range(2).unbatch()), r"unbatch: expected arrays .* given shapes \[\(\)\]"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_not_there_is_refused_by_name():
    assert not hasattr(Dataset.range(2), "window") and not hasattr(Dataset, "nonsense")
    for owner in (Dataset, Dataset.range(2)):
        for name in ("window", "padded_batch", "element_spec", "list_files"):
            with pytest.raises(NotImplementedError, match=f"{name} is not in loopnet: "):
                getattr(owner, name)
    with pytest.raises(NotImplementedError, match="cache: a file is not in loopnet"):
        Dataset.range(2).cache("file")
    with pytest.raises(NotImplementedError, match="TextLineDataset is not in loopnet"):
        tf.data.TextLineDataset  # noqa: B018
    assert list(itertools.islice(Dataset.range(2).repeat(), 3)) == [0, 1, 0]
