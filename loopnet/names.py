"""What layers are called: the one place where it is decided.

A layer's ``name`` is the user's, or an automatic one: its class in small letters, with a number from the second on
("dense", "dense_1"). It gets that in the first network that it is put in. In a network no two layers have one name.

When a layer comes into another network where its name is taken already, as the decoder's "dense" in
``Sequential([encoder, decoder])``, an automatic name makes way: ``layer.name`` is from then on the first one that is
free in both networks. A name of the user's is never changed; that is an error.

The network that the layer comes from goes on calling it as before: ``decoder.get_layer("dense")`` finds it, as its new
name does, and the decoder's files say "dense", those that are written later too. So a network is called by the names
that its layers had when they were put in (``Names.of``), in files and checkpoints, whatever became of them elsewhere;
where that would be two things in one file, or two layers for one name, it is an error and no guess.
"""

import re
from collections.abc import Iterable, Sequence

from .layers import Layer


class Names:
    """The names in one network."""

    def __init__(self) -> None:
        self._on_entry: dict[Layer, str] = {}
        self._used: set[str] = set()
        """All that were ever names here, or beside one of these layers in the network that it came from."""

    def of(self, layer: Layer) -> str:
        """What this network calls the layer: its name, or that from before another network changed it."""
        then = self._on_entry.get(layer, layer.name)
        return then if then in layer.former_names else layer.name

    def taken(self, layers: Iterable[Layer]) -> set[str]:
        """The names that a layer beside ``layers`` cannot have."""
        return {name for layer in layers for name in (layer.name, self.of(layer))}

    def expect_free(self, layer: Layer, others: Sequence[Layer], who: str) -> None:
        """Give a layer without a name one. Raises ``ValueError`` if its user's name for it is taken by ``others``."""
        taken = self.taken(others)
        if not layer.name:
            layer.name, layer.has_automatic_name = _first_free(layer, taken), True
        elif layer.name in taken and not (layer.has_automatic_name and looks_automatic(layer)):
            raise ValueError(
                f"{who}: there is a layer named {layer.name!r} already; "
                f"give one of them a name: {type(layer).__name__}(..., name=...)"
            )

    def enter(self, layer: Layer, others: Sequence[Layer]) -> None:
        """Put the layer beside ``others``, by another name if its own is taken."""
        self._used |= layer.names_around
        taken = self.taken(others)
        if layer.name in taken:
            layer.former_names.append(layer.name)
            layer.name = _first_free(layer, taken | self._used)
            layer.names_around.add(layer.name)  # where it comes from, nobody else may be called so
        self._on_entry[layer] = layer.name
        self._used.add(layer.name)
        layer.names_around = self._used

    def leave(self, layer: Layer, name: str) -> None:
        """Forget the layer, which is called ``name`` from now on: as it is, or as before it came in."""
        if layer.name != name:
            layer.name = layer.former_names.pop()
        self._on_entry.pop(layer, None)

    def find(self, name: str | None, layers: Sequence[Layer], who: str) -> Layer | None:
        """The layer that is called so, or was; None if there is none. Raises ``ValueError`` if there are two."""
        found = [layer for layer in layers if name in (layer.name, self.of(layer))]
        if len(found) > 1:
            raise ValueError(f"{who}: {len(found)} layers are named {name!r}; give them names of their own")
        return found[0] if found else None

    def in_a_file(self, layers: Sequence[Layer], who: str) -> list[str]:
        """What a file calls ``layers``. Raises ``ValueError`` if that is the same for two: one would replace the
        other.
        """
        names = [self.of(layer) for layer in layers]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{who}: two layers are named {twice!r}; give them names of their own before saving")
        return names


def looks_automatic(layer: Layer) -> bool:
    """Whether the name is one that layers of its class get by themselves: files do not tell whose it was."""
    return re.fullmatch(rf"{_base(layer)}(_\d+)?", layer.name) is not None


def _first_free(layer: Layer, taken: set[str]) -> str:
    base, number = _base(layer), 0
    while (name := base if number == 0 else f"{base}_{number}") in taken:
        number += 1
    return name


def _base(layer: Layer) -> str:
    """Keras's: MaxPooling2D is max_pooling2d, and PReLU p_re_lu."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type(layer).__name__).lower()
