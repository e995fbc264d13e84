"""Keras's ``models``: where listings import ``Sequential``, ``Model`` and ``load_model`` from."""

from pathlib import Path
from typing import Any

from .architecture import clone_model, model_from_json
from .functional import Model
from .missing import getattr_of, listed
from .model import Sequential

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]


def load_model(path: str | Path, custom_objects: None = None, compile: bool = True) -> Sequential:
    """A model as ``model.save`` wrote it. custom_objects: None; a file of loopnet's names its own layers only.

    Raises ``FileNotFoundError`` without a file, ``ValueError`` for one that loopnet did not write, Keras's among them.
    """
    if custom_objects:
        raise NotImplementedError(
            "load_model: custom_objects is not in loopnet: a file names loopnet's own layers only"
        )
    model = Sequential.load(path)
    if not compile:
        model.optimizer = model.loss = None
    return model


def save_model(model: Sequential, path: str | Path, overwrite: bool = True, **others: Any) -> None:
    """``model.save(path)``."""
    model.save(path, overwrite, **others)


MISSING = listed({
    "Model(inputs, outputs) makes a chain of layers": "Functional",
    "use Sequential.from_config": "model_from_config",
})  # fmt: skip

__getattr__ = getattr_of(__name__, MISSING)
