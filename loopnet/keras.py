"""``loopnet.keras`` is loopnet itself: with ``import loopnet as tf``, TensorFlow's ``tf.keras.layers.Dense(10)`` runs.

What ``from loopnet.keras.layers import Dense`` imports is ``loopnet.layers.Dense``: one class, not a copy of it.
"""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import *  # noqa: F403


class _SameModules(MetaPathFinder, Loader):
    """Gives the name ``loopnet.keras.layers`` to the module ``loopnet.layers``. Asked before Python's own finders, who
    would find the file and run it a second time.
    """

    def find_spec(self, fullname, path=None, target=None):
        return ModuleSpec(fullname, self) if fullname.startswith("loopnet.keras.") else None

    def exec_module(self, module):
        name = module.__name__
        sys.modules[name] = import_module(name.replace(".keras", "", 1))  # in place of the empty one made for it


sys.meta_path.insert(0, _SameModules())
sys.modules["loopnet.keras"] = sys.modules["loopnet"]

OLD = {
    "utils": "np_utils vis_utils",
    "layers": "core convolutional advanced_activations noise merge experimental experimental.preprocessing",
}
"""Modules that Keras 1 and 2 had, and Keras 3 has not, by the module that has what was in them."""


def _name_again() -> None:
    """Give each of these modules its old names too, so that ``from keras.utils import np_utils`` and
    ``from keras.layers.core import Dense`` run.
    """
    for name, old in OLD.items():
        module = import_module(f"loopnet.{name}")
        for path in old.split():
            for keras in ("loopnet", "loopnet.keras"):
                sys.modules[f"{keras}.{name}.{path}"] = module
            last = path.rpartition(".")[2]
            if last not in module.MISSING:  # merge was a function, too, which is refused by name
                setattr(module, last, module)


_name_again()
