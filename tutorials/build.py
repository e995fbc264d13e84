"""Run the tutorials and write their notebooks:  python tutorials/build.py [01 05 ...]

Each NN_name.py is the source; NN_name.ipynb is that source with what it gave here. The notebooks are run without
MNIST, CIFAR-10, a GPU or a network, as a reader meets them first, and what changes from run to run is left out, so
that a change of the text or of the package is all that a diff shows.
"""

import base64
import hashlib
import html
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import jupytext
import lesson
import matplotlib
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
COVERS = {"01": 7, "02": 1, "03": 5, "04": 2, "05": 4, "06": 2, "07": 3, "08": 1, "09": 1, "10": 1}
"""Which of a tutorial's pictures, counted from 1, stands for it in the README."""

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def read(source: Path) -> Any:
    """A tutorial's source as a notebook without outputs, with names for its cells that stay the same."""
    notebook = jupytext.read(source, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"
        cell.metadata = {}
    notebook.metadata = {
        "kernelspec": KERNEL,
        "language_info": {"name": "python"},
        "loopnet": {"made_from": fingerprint(source)},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def fingerprint(source: Path) -> str:
    """Of the source that a notebook's outputs were made from."""
    return hashlib.sha256(source.read_bytes()).hexdigest()


def run(notebook: Any) -> None:
    """Fill in the outputs, in a kernel of its own that starts in this folder."""
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}).execute()
    for cell in notebook.cells:
        cell.metadata = {}  # when it was run
        if cell.cell_type == "code":
            cell.outputs = [pictured(output) for output in joined(cell.outputs)]
    notebook.metadata["language_info"] = {"name": "python"}


def joined(outputs: list[Any]) -> list[Any]:
    """One output for each run of text to the same stream: a kernel cuts them where its clock says so."""
    result: list[Any] = []
    for output in outputs:
        last = result[-1] if result else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            result.append(output)
    return result


def pictured(output: Any) -> Any:
    """A picture in place of a page that a notebook would have to run."""
    if "loopnet" in output.get("metadata", {}) and "text/html" in output.data:
        page = html.unescape(re.search('srcdoc="(.*?)"', output.data.pop("text/html"), re.DOTALL).group(1))
        drawn = lesson.small(screenshot(page, output.metadata.loopnet.step))
        output.data["image/png"] = base64.b64encode(drawn).decode()
    return output


def screenshot(page: str, step: int) -> bytes:
    """The stepper's page at one step, in light colours, drawn by Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.NamedTemporaryFile("w", suffix=".html") as file:
        file.write(page)
        file.flush()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1200, "height": 1000}, color_scheme="light")
        tab.goto(Path(file.name).as_uri())
        tab.get_by_text(re.compile(r"^step \d")).wait_for()
        move = "bar => { bar.value = STEP; bar.dispatchEvent(new Event('input')) }"
        tab.eval_on_selector("#scrub", move.replace("STEP", str(step)))
        tab.wait_for_timeout(300)
        picture = tab.screenshot()
        browser.close()
    return picture


def cover(notebook: Any, path: Path) -> None:
    """Keep one of the pictures as a file of its own."""
    pictures = [
        output.data["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", ())
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(base64.b64decode(pictures[COVERS[path.stem] - 1]))


def main(asked: list[str]) -> None:
    sources = [path for path in sorted(HERE.glob("[0-9][0-9]_*.py")) if not asked or path.name[:2] in asked]
    with tempfile.TemporaryDirectory() as empty:
        os.environ.pop("LOOPNET_DATA", None)
        os.environ.pop("LOOPNET_TUTORIALS", None)
        os.environ["MPLCONFIGDIR"] = matplotlib.get_cachedir()  # its list of fonts takes long to make
        os.environ["XDG_CACHE_HOME"] = empty  # no downloaded data sets
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        os.environ["PYTHONHASHSEED"] = "0"
        for source in sources:
            started = time.perf_counter()
            notebook = read(source)
            run(notebook)
            if "compiling the loops" in str(notebook.cells):  # only on the first run with this version of the loops
                notebook = read(source)
                run(notebook)
            target = source.with_suffix(".ipynb")
            nbformat.write(notebook, target)
            cover(notebook, HERE / "pictures" / f"{source.stem[:2]}.png")
            print(f"{target.name}: {time.perf_counter() - started:.0f} s, {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
