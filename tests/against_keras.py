"""Random networks, built and trained by Keras 3 and by loopnet from the same lines: they have to agree.

    KERAS_BACKEND=tensorflow python tests/against_keras.py 0 100

Needs keras and tensorflow, which no test does. A number is a seed, and makes always the same network: a dozen layers
with branches, a loss, metrics, an optimizer, maybe a callback. Both begin with the same weights, in float64, and see
the same batches. Compared are the outputs, all that ``fit`` tells of four epochs, ``evaluate``, and the weights. Where
they differ, the lines are printed, and the exit status is 1.

Left out, since the two may differ there or Keras has no float64: volumes, UpSampling (in float32), Adam and its kin,
whose epsilon stands elsewhere in Keras and decides where gradients are no more than rounding, Maximum, where two are
equal, and crossentropy as a metric of sigmoids (TensorFlow, compiled, goes back to the logits and takes a softmax).
"""

import random
import sys
from typing import Any

import keras
import numpy as np

import loopnet

ACTIVATIONS = [
    "relu", "relu", "tanh", "sigmoid", "elu", "softplus", "softsign", "leaky_relu", "gelu", "silu", "mish", "softmax",
    "log_softmax", "exponential", None,
]  # fmt: skip
ANYWHERE = [
    "BatchNormalization()", "BatchNormalization(momentum=0.9, scale=False)", "BatchNormalization(trainable=False)",
    "Dropout(0.0)", "Activation('tanh')", "LeakyReLU(0.2)", "PReLU()", "ReLU(max_value=3.0)", "Rescaling(0.5, 0.1)",
]  # fmt: skip
LOSSES = {
    "categorical_crossentropy": "softmax", "kl_divergence": "softmax", "mean_squared_error": None, "huber": None,
    "log_cosh": None, "poisson": "softplus", "binary_crossentropy": "sigmoid", "squared_hinge": "tanh",
}  # fmt: skip
METRICS = [
    "Precision()", "Recall()", "AUC()", "AUC(curve='PR')", "MeanSquaredError()",
    "F1Score(average='macro')", "KLDivergence()", "CosineSimilarity()", "TruePositives()", "MeanAbsoluteError()",
    "FalseNegatives(thresholds=0.3)", "RootMeanSquaredError()", "Recall(class_id=1)", "BinaryAccuracy(threshold=0.4)",
]  # fmt: skip
OPTIMIZERS = [
    "SGD(0.1)", "SGD(0.05, momentum=0.9)", "SGD(0.05, momentum=0.9, nesterov=True)", "SGD(0.1, clipnorm=0.5)",
    "SGD(0.1, clipvalue=0.1)", "SGD(0.1, global_clipnorm=0.3)", "RMSprop(0.002)", "Adagrad(0.05)", "Adadelta(1.0)",
    "SGD(K.optimizers.schedules.ExponentialDecay(0.1, 2, 0.7))", "SGD(K.optimizers.schedules.CosineDecay(0.1, 4))",
]  # fmt: skip
CALLBACKS = [
    "EarlyStopping(patience=1, restore_best_weights=True)", "EarlyStopping(monitor='loss', patience=0, min_delta=0.01)",
    "ReduceLROnPlateau(monitor='loss', patience=0, min_delta=0.5)",
    "LearningRateScheduler(lambda epoch, rate: rate / 2)",
]  # fmt: skip
CLASSES, FAR = 4, 1e4


def program(r: random.Random) -> tuple[tuple[int, ...], list[str], str]:
    """The shape of an image, the lines that make ``y`` of ``x0``, and a loss."""
    axes = r.choice([1, 2, 2])
    shape = (*(r.randint(6, 14) for _ in range(axes)), r.randint(1, 3))
    made: list[tuple[str, tuple[int, ...]]] = [("x0", shape)]
    lines: list[str] = []

    def add(layer: str, names: list[str], shape: tuple[int, ...]) -> None:
        name = f"x{len(made)}"
        lines.append(f"{name} = K.layers.{layer}({names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'})")
        made.append((name, shape))

    for _ in range(r.randint(2, 9)):
        (name, shape), activation = r.choice(made[-3:]), r.choice(ACTIVATIONS)
        *size, channels = shape
        alike = [other for other, of in made if of == shape and other != name]
        beside = [(other, of) for other, of in made if of[:-1] == shape[:-1] and other != name]
        kind = r.random()
        if kind < 0.3:
            filters, window, dilation = r.choice([2, 4, 6, 16]), r.choice([1, 2, 3, 5]), r.choice([1, 1, 1, 2])
            more = r.choice(["", "", ", use_bias=False", ", kernel_regularizer='l2'", ", trainable=False"])
            arguments = f"padding='same', dilation_rate={dilation}, activation={activation!r}{more}"
            add(f"Conv{axes}D({filters}, {window}, {arguments})", [name], (*size, filters))
        elif kind < 0.4:
            of, filters = r.choice(
                [("DepthwiseConv{}D(3, depth_multiplier=2", 2 * channels), ("SeparableConv{}D(4, 3", 4)]
            )
            add(f"{of.format(axes)}, padding='same', activation={activation!r})", [name], (*size, filters))
        elif kind < 0.5 and min(size) >= 4:
            of, stride = r.choice(["MaxPooling", "AveragePooling"]), r.choice([1, 2])
            smaller = tuple(-(-extent // stride) for extent in size)
            add(f"{of}{axes}D({r.choice([2, 3])}, strides={stride}, padding='same')", [name], (*smaller, channels))
        elif kind < 0.65:
            add(r.choice(ANYWHERE), [name], shape)
        elif kind < 0.75:
            add(f"ZeroPadding{axes}D(1)", [name], (*(extent + 2 for extent in size), channels))
        elif alike and kind < 0.9:
            merging = r.choice(["Add()", "Average()", "Multiply()", "Subtract()"])
            add(merging, [name, r.choice(alike)], shape)
        elif beside:
            other, of_other = r.choice(beside)
            add("Concatenate()", [name, other], (*size, channels + of_other[-1]))
    end = r.choice(["Flatten()", f"GlobalAveragePooling{axes}D()"])
    lines.append(f"y = K.layers.{end}({made[-1][0]})")
    for _ in range(r.randint(0, 2)):
        constraint = r.choice([None, None, None, "non_neg", "max_norm"])
        arguments = f"{r.choice([3, 8])}, activation={r.choice(ACTIVATIONS)!r}, kernel_constraint={constraint!r}"
        lines.append(f"y = K.layers.Dense({arguments})(y)")
    loss = r.choice(list(LOSSES))
    lines.append(f"y = K.layers.Dense({CLASSES}, activation={LOSSES[loss]!r})(y)")
    return made[0][1], lines, loss


def model_of(module: Any, shape: tuple[int, ...], lines: list[str]) -> Any:
    known: dict[str, Any] = {"K": module, "x0": module.Input(shape)}
    exec("\n".join(lines), known)
    return module.Model(known["x0"], known["y"], **({} if module is keras else {"dtype": "float64"}))


def difference(seed: int) -> tuple[str | None, str]:
    """In what the two differ, if they do, and the network."""
    keras.backend.clear_session()
    keras.config.set_floatx("float64")
    r = random.Random(seed)
    shape, lines, loss = program(r)
    images, size = r.choice([(8, 4), (12, 4), (20, 6)])
    optimizer = r.choice(OPTIMIZERS)
    settable = CALLBACKS if "schedules" not in optimizer else CALLBACKS[:2]  # a schedule keeps its learning rate
    words = {
        "optimizers": [optimizer],
        "metrics": r.sample(METRICS, 2),
        "callbacks": r.sample(settable, r.choice([0, 1])),
    }
    backend = r.choice(["literal", "parallel", "tuned"])
    text = "\n    ".join([f"seed {seed}: {shape}, {loss}, {words}, {images} by {size}, {backend}", *lines])
    numbers = np.random.default_rng(seed)
    x, y = numbers.normal(size=(images, *shape)), np.eye(CLASSES)[numbers.integers(CLASSES, size=images)]
    models = {module: model_of(module, shape, lines) for module in (keras, loopnet)}
    models[loopnet].set_weights(models[keras].get_weights())
    told: list[dict[str, Any]] = []
    for module, model in models.items():
        made = {of: [eval(f"K.{of}.{w}", {"K": module}) for w in written] for of, written in words.items()}
        others = {} if module is keras else {"backend": backend}
        model.compile(made["optimizers"][0], loss, metrics=["accuracy", *made["metrics"]], **others)
        quietly: dict[str, Any] = {"batch_size": size, "verbose": 0}
        told.append({"outputs": model.predict(x, **quietly)})
        history = model.fit(
            x, y, epochs=4, shuffle=False, validation_split=0.25, callbacks=made["callbacks"], **quietly
        ).history
        told[-1] |= history | {f"then {k}": v for k, v in model.evaluate(x, y, return_dict=True, **quietly).items()}
        told[-1] |= {f"weights {n}": w for n, w in enumerate(model.get_weights())}
    theirs, ours = told
    if not all(np.all(np.abs(value) < FAR) for value in theirs.values()):
        return None, text  # training ran away, and what was rounding has grown with it
    for what in sorted(theirs.keys() | ours.keys()):
        if what not in ours or what not in theirs or np.shape(ours[what]) != np.shape(theirs[what]):
            return f"{what}: {theirs.get(what)} and {ours.get(what)}", text
        if not np.allclose(ours[what], theirs[what], rtol=1e-4, atol=1e-6):
            return f"{what}: by {np.abs(np.asarray(ours[what]) - theirs[what]).max()}", text
    return None, text


if __name__ == "__main__":
    differ = 0
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        found, network = difference(seed)
        if found is not None:
            differ += 1
            print(f"{found}\n    {network}\n", flush=True)
    print(f"{differ} of {int(sys.argv[2]) - int(sys.argv[1])} networks differ")
    sys.exit(differ > 0)
