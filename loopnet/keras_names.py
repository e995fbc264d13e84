"""What Keras's listings call on a Sequential beside build, compile, fit, evaluate and predict: other words for these.

What its models have and these have not is refused by name (``MISSING``, ``ARGUMENTS``).
"""

from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import architecture, metrics, saving
from .arrays import Array
from .batches import unlisted
from .called import call_model
from .layers import Layer
from .layers.symbolic import only_symbolic
from .missing import listed, refuse_attribute, settle

if TYPE_CHECKING:
    from .model import Sequential

_NO_QUEUE = "a batch is asked for when its turn has come"
_PLAIN = "the loops run as they are compiled; choose them with backend=..."

MISSING = listed({
    "fit, evaluate and predict take generators themselves": "fit_generator evaluate_generator predict_generator",
    "use predict(x).argmax(axis=1)": "predict_classes",
    "use predict": "predict_proba",
    "use to_json": "to_yaml",
    "call the model itself": "call",
    "metrics begin afresh with each epoch": "reset_states get_metrics_result metrics_tensors",
    "only regularizers add to the loss: Dense(..., kernel_regularizer=...)": "add_loss add_metric",
    _PLAIN: "make_train_function train_step test_step predict_step jit_compile",
    "export writes ONNX": "quantize",
})  # fmt: skip
"""Of models."""

ARGUMENTS = {
    "fit": {
        "nb_epoch": "today's name is epochs",
        "show_accuracy": "compile with metrics=['accuracy']",
        **dict.fromkeys(("max_queue_size", "workers", "use_multiprocessing"), _NO_QUEUE),
    },
    "compile": {
        "weighted_metrics": "metrics count all images alike",
        "loss_weights": "there is one output, and one loss",
        **dict.fromkeys(("jit_compile", "auto_scale_loss"), _PLAIN),
        "steps_per_execution": "each step is run by itself",
        "sample_weight_mode": "give fit sample_weight",
    },
    "evaluate": {
        **dict.fromkeys(("max_queue_size", "workers", "use_multiprocessing"), _NO_QUEUE),
    },
    "predict": {
        **dict.fromkeys(("max_queue_size", "workers", "use_multiprocessing"), _NO_QUEUE),
    },
    "summary": {"layer_range": "the table has all layers"},
    "load_weights": dict.fromkeys(
        ("by_name", "skip_mismatch"),
        "a file is for the same layers; give each what another model has: layer.set_weights(other.get_weights())",
    ),
    "save": {
        "save_format": "the file is always safetensors",
        "include_optimizer": "the optimizer is always kept",
        "zipped": "the file is always safetensors",
    },
}  # fmt: skip
"""Of models' methods: what Keras's take and these do not, and what to do instead."""


def settle_for(model: object, method: str, others: dict[str, Any]) -> None:
    """Pass over or refuse the arguments that the model's method was given beside its own."""
    if others:
        known = [name for name in signature(getattr(model, method)).parameters if name != "others"]
        settle(method, others, ARGUMENTS[method], known)


class KerasNames:
    """A :class:`Sequential`'s other words."""

    stop_training = False
    """Set to True, by a callback, it ends the training."""

    if not TYPE_CHECKING:  # which knows better what is missing

        def __getattr__(self, name: str) -> Any:
            refuse_attribute(name, MISSING)
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __call__(self: "Sequential", x: Any, training: bool | None = None) -> Any:  # type: ignore[misc]
        """``predict(x)``, all in one batch, but for layers that distort images: they do. training=True: the outputs as
        they are in training; False: as ``predict`` has them; see ``called``. Of an ``Input`` or a symbolic tensor, what
        the layers make of it.
        """
        symbolic = only_symbolic(self.name, (x,), {"training": training}, self._layers)
        if symbolic is not None:
            if not self._layers:
                raise ValueError(f"{self.name}: it has no layers yet")
            return self._made_of(symbolic, self._layers)[self._layers[-1]]
        return call_model(self, x, training)

    def __repr__(self: "Sequential") -> str:  # type: ignore[misc]
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def predict_on_batch(self: "Sequential", x: Any) -> np.ndarray:  # type: ignore[misc]
        """``predict(x)``, all in one batch."""
        return self.predict(x, batch_size=max(len(unlisted(x)), 1))

    def test_on_batch(  # type: ignore[misc]
        self: "Sequential", x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """``evaluate(x, y)``, all in one batch, and silent."""
        return self.evaluate(x, y, max(len(unlisted(x)), 1), 0, sample_weight, return_dict)

    @property
    def built(self: "Sequential") -> bool:  # type: ignore[misc]
        """Whether the shape of the input is known, and with it all others."""
        return self._input is not None and bool(self._layers)

    @property
    def variables(self: "Sequential") -> list[Array]:  # type: ignore[misc]
        """The ``weights``."""
        return self.weights

    @property
    def metrics_names(self: "Sequential") -> list[str]:  # type: ignore[misc]
        """What the numbers of ``evaluate`` are."""
        return ["loss", *metrics.names(self.metrics)]

    def get_layer(self: "Sequential", name: str | None = None, index: int | None = None) -> Layer:  # type: ignore[misc]
        """The layer of that name, or number. Raises ``ValueError`` if there is none."""
        if index is not None and -len(self.layers) <= index < len(self.layers):
            return self.layers[index]
        found = self.find_layer(name) if index is None else None
        if found is None and index is None and self.listed_input is not None and name == self.listed_input.name:
            return self.listed_input
        if found is None:
            names = ", ".join(layer.name for layer in self.layers)
            what = f"named {name!r}" if index is None else f"number {index}"
            raise ValueError(f"{self.name}: there is no layer {what}; there are {names}")
        return found

    @property
    def losses(self: "Sequential") -> list[np.floating]:  # type: ignore[misc]
        """What each regularised weight or bias that is trained adds to the loss, as it is now."""
        learned = self._trained(self._to_freeze() if self._frozen is None else self._frozen)
        return [p.regularizer(np.asarray(p.value)) for p in learned if p.regularizer is not None]

    @property
    def trainable_weights(self: "Sequential") -> list[Array]:  # type: ignore[misc]
        """Those of the ``weights`` that training changes, once ``compile`` has been told."""
        return [p.answered() for p in self._trained(self._to_freeze())]

    @property
    def non_trainable_weights(self: "Sequential") -> list[Array]:  # type: ignore[misc]
        """The others: those of frozen layers, and the moving means and variances of batch normalisation."""
        trained = {id(p) for p in self._trained(self._to_freeze())}
        return [p.answered() for p in self._parameters() if id(p) not in trained]

    @property
    def trainable_variables(self: "Sequential") -> list[Array]:  # type: ignore[misc]
        """The ``trainable_weights``."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self: "Sequential") -> list[Array]:  # type: ignore[misc]
        """The ``non_trainable_weights``."""
        return self.non_trainable_weights

    def reset_metrics(self) -> None:
        """Nothing: the metrics begin afresh with each epoch, and each ``train_on_batch``, anyway."""

    def get_config(self: "Sequential") -> dict[str, Any]:  # type: ignore[misc]
        """The architecture, without the weights: numbers, strings, lists and dicts of them. See ``architecture``."""
        return architecture.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A model of what ``get_config`` gave, with weights of its own, not compiled."""
        return architecture.from_config(cls, config)  # type: ignore[arg-type]

    def to_json(self: "Sequential", **arguments: Any) -> str:  # type: ignore[misc]
        """``get_config()`` as text, for ``models.model_from_json``. arguments: those of ``json.dumps``."""
        return architecture.to_json(self, **arguments)

    def save_weights(self: "Sequential", path: str | Path, overwrite: bool = True) -> None:  # type: ignore[misc]
        """Write the weights, without the architecture: see ``saving``."""
        saving.save_weights(self, saving.may_write(path, overwrite))

    def load_weights(self: "Sequential", path: str | Path, **others: Any) -> None:  # type: ignore[misc]
        """Take over the weights of a file that ``save_weights`` or ``save`` wrote, for the same layers."""
        settle_for(self, "load_weights", others)
        saving.load_weights(self, path)
