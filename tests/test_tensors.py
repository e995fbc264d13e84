"""TensorFlow's functions on arrays: what they give, and the dtype of it, as TensorFlow 2.20 answered."""

import builtins
import pickle

import numpy as np
import pytest

import loopnet
import loopnet as tf
from loopnet import layers
from loopnet.layers import Dense, Input

I8, I32, I64, F32, F64, B = np.uint8, np.int32, np.int64, np.float32, np.float64, np.bool_
ROWS = [[1, 3, 2], [4, 0, 4]]

ANSWERS = [
    (lambda: tf.constant([1.0, 2]), [1.0, 2.0], F32),
    (lambda: tf.constant([1]), [1], I32),
    (lambda: tf.constant(2**40), 2**40, I64),
    (lambda: tf.constant(range(3)), [0, 1, 2], I32),
    (lambda: tf.constant([]), [], F32),
    (lambda: tf.constant([True, False]), [True, False], B),
    (lambda: tf.constant(np.array([1.5])), [1.5], F64),
    (lambda: tf.constant([np.float64(1.5)]), [1.5], F64),
    (lambda: tf.constant(np.array([1.5]), dtype=tf.int32), [1], I32),
    (lambda: tf.constant([1.5], dtype="float64", name="a"), [1.5], F64),
    (lambda: tf.constant(3, shape=(2, 2)), [[3, 3], [3, 3]], I32),
    (lambda: tf.constant([1, 2, 3, 4], shape=(2, 2)), [[1, 2], [3, 4]], I32),
    (lambda: tf.convert_to_tensor([1, 2], dtype=tf.float32), [1.0, 2.0], F32),
    (lambda: tf.convert_to_tensor(0.1, tf.float64), 0.1, F64),
    (lambda: tf.cast([1.9, -1.9], tf.int32), [1, -1], I32),
    (lambda: tf.cast([0.5, 0.0], tf.bool), [True, False], B),
    (lambda: tf.cast(np.array([3, 255], np.uint8), "float32") / 255.0, [F32(3) / F32(255), 1], F32),
    (lambda: tf.zeros((2,)), [0, 0], F32),
    (lambda: tf.zeros([2], tf.int32), [0, 0], I32),
    (lambda: tf.ones((1, 2), dtype="int64"), [[1, 1]], I64),
    (lambda: tf.zeros_like([1, 2]), [0, 0], I32),
    (lambda: tf.ones_like([1.0, 2], dtype=tf.int32), [1, 1], I32),
    (lambda: tf.range(5), [0, 1, 2, 3, 4], I32),
    (lambda: tf.range(1, 10, 3), [1, 4, 7], I32),
    (lambda: tf.range(5, 0, -2), [5, 3, 1], I32),
    (lambda: tf.range(0, 1, 0.25), [0, 0.25, 0.5, 0.75], F32),
    (lambda: tf.range(np.int64(3)), [0, 1, 2], I64),
    (lambda: tf.range(0, 5, delta=2, dtype=tf.float32), [0, 2, 4], F32),
    (lambda: tf.one_hot([0, 2, 5, -1], 3), [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], F32),
    (lambda: tf.one_hot(1, depth=3), [0, 1, 0], F32),
    (lambda: tf.one_hot([[0], [2]], 3), [[[1, 0, 0]], [[0, 0, 1]]], F32),
    (lambda: tf.one_hot([0, 1], 3, on_value=5, off_value=-1), [[5, -1, -1], [-1, 5, -1]], I32),
    (lambda: tf.one_hot([0, 1], 3, 5, axis=0), [[5, 0], [0, 5], [0, 0]], I32),
    (lambda: tf.one_hot([1], 2, dtype=tf.int64), [[0, 1]], I64),
    (lambda: tf.shape([[1, 2]]), [1, 2], I32),
    (lambda: tf.size([[1, 2]]), 2, I32),
    (lambda: tf.size([[1, 2]], out_type=tf.int64), 2, I64),
    (lambda: tf.reshape(ROWS, [-1]), [1, 3, 2, 4, 0, 4], I32),
    (lambda: tf.reshape(ROWS, (3, -1)), [[1, 3], [2, 4], [0, 4]], I32),
    (lambda: tf.expand_dims([1, 2], 0), [[1, 2]], I32),
    (lambda: tf.expand_dims([1, 2], axis=-1), [[1], [2]], I32),
    (lambda: tf.constant([1, 2])[tf.newaxis], [[1, 2]], I32),
    (lambda: tf.squeeze([[[1]], [[2]]]), [1, 2], I32),
    (lambda: tf.squeeze([[[1]], [[2]]], [1]), [[1], [2]], I32),
    (lambda: tf.transpose(ROWS), [[1, 4], [3, 0], [2, 4]], I32),
    (lambda: tf.transpose([[[1, 2]]], perm=[0, 2, 1]), [[[1], [2]]], I32),
    (lambda: tf.concat([[1, 2], [3]], 0), [1, 2, 3], I32),
    (lambda: tf.concat([[[1]], [[2]]], axis=-1), [[1, 2]], I32),
    (lambda: tf.concat([[2], np.array([1])], 0), [2, 1], I64),
    (lambda: tf.concat([tf.constant([1.0]), [2]], 0), [1, 2], F32),
    (lambda: tf.stack([1, 2]), [1, 2], I32),
    (lambda: tf.stack([[1, 2], [3, 4]], axis=1), [[1, 3], [2, 4]], I32),
    (lambda: tf.argmax(ROWS), [1, 0, 1], I64),
    (lambda: tf.argmax(ROWS, axis=1), [1, 0], I64),
    (lambda: tf.argmin(ROWS, 1, output_type=tf.int32), [0, 1], I32),
    (lambda: tf.reduce_mean([1, 2, 4]), 2, I32),
    (lambda: tf.reduce_mean([-1, -2, -2]), -1, I32),
    (lambda: tf.reduce_mean(np.array([200, 200], np.uint8)), 200, I8),
    (lambda: tf.reduce_mean([[1.0, 2.0]], 1, True), [[1.5]], F32),
    (lambda: tf.reduce_mean(tf.cast([True, False], tf.float32)), 0.5, F32),
    (lambda: tf.reduce_sum(ROWS, [0, 1]), 14, I32),
    (lambda: tf.reduce_sum(np.array([200, 100], np.uint8)), 44, I8),
    (lambda: tf.reduce_max(ROWS, axis=[0, 1], keepdims=True), [[4]], I32),
    (lambda: tf.reduce_min(ROWS, axis=1), [1, 0], I32),
    (lambda: tf.round([0.5, 1.5, 2.5]), [0, 2, 2], F32),
    (lambda: tf.round([1, 2]), [1, 2], I32),
    (lambda: tf.where([True, False], 1.0, 0), [1, 0], F32),
    (lambda: tf.where([True, False], tf.constant([1.0, 2.0]), 0), [1, 0], F32),
    (lambda: tf.where([[True, False], [True, True]]), [[0, 0], [1, 0], [1, 1]], I64),
    (lambda: tf.clip_by_value([1, 5, 9], 2, 6), [2, 5, 6], I32),
    (lambda: tf.clip_by_value([1.0, 5, 9], clip_value_min=2, clip_value_max=6.5), [2, 5, 6.5], F32),
]  # fmt: skip


@pytest.mark.parametrize(("call", "numbers", "dtype"), ANSWERS)
def test_it_gives_what_tensorflow_gives(call, numbers, dtype):
    made = call()
    assert isinstance(made, tf.Tensor)
    assert made.dtype == dtype
    np.testing.assert_array_equal(made.numpy(), np.array(numbers, dtype), strict=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.constant([1.5], dtype=tf.int32), r"constant: expected whole numbers for int32, given \[1.5\]"),
        (lambda: tf.constant(None), "constant: expected numbers, given None"),
        (lambda: tf.constant([[1], [1, 2]]), "constant: .*inhomogeneous"),
        (lambda: tf.constant([1, 2, 3], shape=(2, 2)), "constant: cannot reshape"),
        (lambda: tf.convert_to_tensor(tf.constant([1.5]), tf.int32), "expected a tensor of int32, given .* float32"),
        (lambda: tf.concat([tf.constant([1]), tf.constant([2.0])], 0), "concat: expected a tensor of int32, given"),
        (lambda: tf.where([True], 1, 0.5), "where: expected whole numbers for int32, given 0.5"),
        (lambda: tf.where([True], 1), "where: expected x and y, or neither"),
        (lambda: tf.clip_by_value([1], 0.5, 2), "clip_by_value: expected whole numbers for int32, given 0.5"),
        (lambda: tf.reduce_mean([True, False]), "reduce_mean: expected numbers, given bool; use cast"),
        (lambda: tf.one_hot([0.0], 2), "one_hot: expected whole numbers as indices, given float32; use cast"),
        (lambda: tf.one_hot([0], -1), "one_hot: expected a depth of at least 0, given -1"),
        (lambda: tf.range(0, 5, 0), "range: expected a delta other than 0"),
        (lambda: tf.argmax([1], axis=3), "argmax: axis 3 is out of bounds"),
        (lambda: tf.squeeze([[1, 2]], 1), "squeeze: cannot select an axis"),
        (lambda: tf.reshape([1, 2, 3], (2, 2)), r"reshape: cannot reshape array of size 3 into shape \(2,2\)"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_the_function(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda x: tf.reshape(x, (2, 2)), "reshape of .* layers.Reshape or layers.Flatten does that"),
        (lambda x: tf.concat([x, x], axis=1), "concat of .* layers.Concatenate does that"),
        (lambda x: tf.reduce_mean(input_tensor=x), "reduce_mean of .* layers.GlobalAveragePooling2D"),
        (lambda x: tf.argmax(x, 1), "argmax of .* make a Model of it"),
    ],
)
@pytest.mark.parametrize("tensor", [lambda: Input((4,)), lambda: Dense(4)(Input((4,)))])
def test_what_has_no_numbers_yet_is_for_layers(call, instead, tensor):
    with pytest.raises(NotImplementedError, match=instead):
        call(tensor())


def test_layers_of_those_names_are_there():
    for advice in loopnet.tensors.IN_A_NETWORK.values():
        for word in advice.replace("(", " ").split():
            if word.startswith("layers."):
                assert hasattr(layers, word.removeprefix("layers."))


def test_one_number_of_a_tensor_is_a_tensor():
    labels = tf.constant([7, 8])
    assert isinstance(labels[1], tf.Tensor) and labels[1].numpy() == 8
    assert [type(label.numpy()) for label in labels] == [np.int32, np.int32]
    names: dict = {8: "coat"}
    assert names[labels[1]] == names[labels[1].numpy()] == "coat"
    assert "abcdefghi"[labels[1]] == "i"
    assert list(range(labels[0]))[-1] == 6 and f"{tf.reduce_mean([1.0, 2.0]):.2f}" == "1.50"
    with pytest.raises(TypeError, match=r"unhashable: an array of shape \(2,\)"):
        hash(labels)


def test_constant_has_memory_of_its_own():
    array = np.zeros(3)
    made, shared = tf.constant(array), tf.convert_to_tensor(array)
    array[0] = 1
    assert made[0] == 0 and shared[0] == 1


def test_names_as_python_s_own_are_not_imported_with_all():
    names: dict = {}
    exec("from loopnet import *", names)
    assert "Sequential" in names and not {"bool", "range", "round", "stack", "where"} & set(names)
    assert {"bool", "range", "reduce_mean", "Tensor"} <= set(dir(loopnet))
    assert tf.range is not builtins.range and callable(tf.stack)  # and no module of that name


@pytest.mark.parametrize("name", loopnet.tensors.__all__)
def test_no_name_of_a_ufunc_and_pickles(name):
    assert not isinstance(getattr(np, name, None), np.ufunc)
    thing = getattr(tf, name)
    assert pickle.loads(pickle.dumps(thing)) == thing


def test_numpy_s_own_and_answers_are_pickled():
    for function in (np.add, np.maximum, np.argmax, np.where):
        assert pickle.loads(pickle.dumps(function)) is function
    again = pickle.loads(pickle.dumps(tf.constant([1.5])))
    assert isinstance(again, tf.Tensor) and again.tolist() == [1.5]
