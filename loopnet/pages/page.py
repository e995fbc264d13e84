"""A page as one file: its HTML, styles, script and data in a single document that fetches nothing.

The sources lie beside this module, as files that a linter can read. A page has ``name.html`` (what stands in its
body), ``name.css`` and ``name.js``, which may import others; ``theme.css`` is shared by all.
In the browser the page finds its data with ``readData()`` of ``data.js``.

Nothing leaves the page and nothing gets in: its Content-Security-Policy forbids every request, and lets only
this script and this style sheet run, by their hashes. Data are inert text, in which no ``</script>`` can occur.
"""

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
ARRAYS = ("float32", "float64", "int32", "uint8")
"""The arrays that JavaScript has under the same names."""

_IMPORT = re.compile(r'^import (\{[\w\s,]*\}) from "\./([\w-]+)\.js";$', re.MULTILINE)
_STYLE_IMPORT = re.compile(r'^@import "\./([\w-]+\.css)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


@dataclass(frozen=True)
class Page:
    """A whole page. As the last line of a notebook's cell it shows itself there."""

    html: str

    def save(self, path: str | Path) -> None:
        """Write the page to a file. Raises ``OSError`` if that cannot be."""
        Path(path).write_text(self.html, encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        style = "width: 100%; height: 48rem; border: 0"
        return f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{html.escape(self.html)}"></iframe>'


def bundle(name: str, title: str, data: Any) -> Page:
    """The page ``name`` of this folder, with that title and those data.

    data: what JSON can hold, and arrays of float32, float64, int32 or uint8, anywhere in it. Raises ``ValueError`` for
    numbers outside arrays that JSON has no words for (NaN and infinity), ``TypeError`` for anything else.
    """
    style = _read("theme.css") + _style(f"{name}.css")
    script = _script(f"{name}.js")
    allowed = f"script-src {_hash(script)}; style-src {_hash(style)}"
    parts = {
        "policy": f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'",
        "title": html.escape(title),
        "style": style,
        "body": _read(f"{name}.html"),
        "data": _inert(data),
        "script": script,
    }
    return Page(Template(_read("frame.html")).substitute(parts))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _style(name: str) -> str:
    """A style sheet with those that it imports in their place."""
    return _STYLE_IMPORT.sub(lambda found: _style(found[1]), _read(name))


def _script(name: str) -> str:
    """A module and all that it imports in one piece: each becomes a function that is called once, before its first
    user, and returns what it exports.

    Raises ``ValueError`` for imports and exports of other forms than ``{ names }`` and declarations, for modules that
    import each other, and for what would end the script early in HTML.
    """
    done: dict[str, str] = {}

    def take(module: str, users: tuple[str, ...]) -> None:
        if module in users:
            raise ValueError(f"{name}: cannot be bundled, {' imports '.join([*users, module])}")
        if module in done:
            return
        source = _read(f"{module}.js")
        for _, needed in _IMPORT.findall(source):
            take(needed, (*users, module))
        names = ", ".join(exported for _, exported in _EXPORT.findall(source))
        source = _IMPORT.sub(lambda found: f"const {found[1].replace(' as ', ': ')} = {_variable(found[2])};", source)
        source = _EXPORT.sub(r"\1", source)
        done[module] = f"const {_variable(module)} = (() => {{\n{source}\nreturn {{ {names} }};\n}})();\n"

    take(name.removesuffix(".js"), ())
    script = "".join(done.values())
    for pattern in (r"^import\b", r"^export\b", r"</script", "<!--"):
        if re.search(pattern, script, re.MULTILINE | re.IGNORECASE):
            raise ValueError(f"{name}: cannot be bundled, it contains {pattern!r}")
    return script


def _variable(module: str) -> str:
    return f"module_{module.replace('-', '_')}"


def _hash(source: str) -> str:
    """A source as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _inert(data: Any) -> str:
    """Data as JSON that ends no element and opens none, whatever names it holds."""
    return json.dumps(data, default=_array, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _array(value: Any) -> Any:
    """What JSON has no word for: an array, as its bytes (little-endian) in base64, and numbers of NumPy's."""
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray) or value.dtype.name not in ARRAYS:
        raise TypeError(f"a page cannot hold {type(value).__name__} {getattr(value, 'dtype', '')}".rstrip())
    plain = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    return {"array": value.dtype.name, "shape": value.shape, "base64": base64.b64encode(plain.tobytes()).decode()}
