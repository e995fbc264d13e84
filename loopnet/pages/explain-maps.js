// The network from top to bottom: every layer's numbers as pictures, and the frames that show what made the chosen one.

import { cellAt, layFrame, paintMap } from "./cells.js";
import { element } from "./dom.js";
import { place } from "./explain-kinds.js";
import { handsOn, imageSize, mapsOf, nameOfCell, windowUnder } from "./explain-network.js";
import { paintImage } from "./explain-pad.js";
import { formatNumber } from "./numbers.js";

const ROOM = 590; // pixels, about the width of the column
const NARROW = 720; // a phone, as in the style sheet
const GAP = 8; // pixels between two maps, as in the style sheet
const SHOWN = 64; // maps of a layer, until the reader asks for all of them

export class Maps {
  /** choose(layer, index) is called when the reader picks a number; drawing and classes are the page's data. */
  constructor(network, { drawing, classes }, seen, column, choose) {
    Object.assign(this, { network, drawing, classes, choose });
    this.limits = network.layers.map(() => 1);
    this.views = network.layers.map((layer, n) =>
      n === 0 ? this.#imageView(seen) : this.#layerView(layer, n, column),
    );
  }

  /** What the ends of each layer's colours stand for. */
  setLimits(limits) {
    this.limits = limits;
  }

  paint() {
    const { low, high, shape } = this.drawing;
    this.views.forEach((view, n) => {
      const values = this.network.values[n];
      if (n === 0) paintImage(view.canvases[0], values, shape, low, high);
      else {
        view.canvases.forEach((canvas, map) => {
          const value = (i, j) => {
            const index = view.index(map, i, j);
            return index === null ? null : values[index];
          };
          paintMap(canvas, view.rows, view.columns, value, this.limits[n]);
        });
      }
    });
  }

  /** Frame the chosen number, the window of the layer below that it was made of, and all pixels that it depends on. */
  frame(n, index) {
    for (const frame of document.querySelectorAll("#layers .frame, #seen .frame")) frame.remove();
    this.#frameCells(n, this.#boxOf(n, index), [this.#mapOf(n, index)], "chosen");
    if (n === 0) return;
    const layer = this.network.layers[n];
    const [below] = this.network.origin(n - 1, 0);
    if (below > 0 && layer.input.length === 3 && layer.output.length === 3) {
      const channels = this.network.explain(n, index).terms.map(({ from }) => from % layer.input[2]);
      this.#frameCells(below, windowUnder(layer, this.#boxOf(n, index)), channels, "window");
    }
    this.#frameCells(0, this.network.pixelsOf(n, index), [0], "window");
  }

  #boxOf(n, index) {
    const view = this.views[n];
    const shape = this.network.layers[n].output;
    const [top, left] =
      shape.length === 1 ? [Math.floor(index / view.columns), index % view.columns] : place(shape, index);
    return { top, left, height: 1, width: 1 };
  }

  #mapOf(n, index) {
    const shape = this.network.layers[n].output;
    return n > 0 && shape.length === 3 ? place(shape, index)[2] : 0;
  }

  /** Frame a box on some of a layer's maps. */
  #frameCells(n, { top, left, height, width }, maps, kind) {
    const { canvases, rows, columns } = this.views[n];
    canvases.forEach((canvas, map) => {
      if (!maps.includes(map)) return;
      const frame = element("div", { class: `frame ${kind}` });
      layFrame(frame, rows, columns, top, left, height, width);
      canvas.parentElement.append(frame);
    });
  }

  #imageView(seen) {
    const canvas = seen.querySelector("canvas");
    const { rows, columns } = imageSize(this.drawing.shape);
    const channels = this.drawing.shape.length === 3 ? this.drawing.shape[2] : 1;
    const index = (_, i, j) => (i * columns + j) * channels;
    this.#listen([canvas], { rows, columns, index }, 0);
    canvas.setAttribute(
      "aria-label",
      `What the network gets: ${rows} by ${columns} pixels. Arrow keys choose a pixel.`,
    );
    return { canvases: [canvas], rows, columns, index };
  }

  #layerView(layer, n, column) {
    const head = element(
      "header",
      {},
      element("h2", { text: layer.name }),
      element("span", { class: "muted", text: inWords(layer) }),
      element("span", { class: "shape code", text: layer.output.join(" × ") }),
    );
    if (handsOn(layer)) {
      column.append(element("article", { class: "layer quiet" }, head));
      return { canvases: [], rows: 0, columns: 0 };
    }
    const maps = mapsOf(layer.output, innerWidth < NARROW ? 2 : 8);
    const grid = element("div", { class: `maps ${layer.output.length === 1 ? "row" : ""}` });
    const host = element("article", { class: "layer card", "data-layer": layer.name }, head, grid);
    const canvases = [];
    for (let map = 0; map < maps.count; map++) {
      const canvas = element("canvas", { class: "map", tabindex: map === 0 ? "0" : "-1", role: "img" });
      canvas.setAttribute(
        "aria-label",
        `${layer.name}${maps.count > 1 ? `, map ${map}` : ""}. Arrow keys choose a number, Page Up and Page Down a map.`,
      );
      canvases.push(canvas);
      grid.append(
        element(
          "div",
          { class: "framed", title: maps.count > 1 ? `map ${map}` : layer.name, hidden: map >= SHOWN && "hidden" },
          canvas,
        ),
      );
    }
    grid.style.setProperty("--cell", `${mapWidth(maps, layer.output.length === 1)}px`);
    if (maps.count > SHOWN) {
      const more = element("button", { type: "button", text: `Show all ${maps.count} maps` });
      more.addEventListener("click", () => {
        for (const hidden of grid.querySelectorAll("[hidden]")) hidden.hidden = false;
        more.remove();
      });
      host.append(more);
    }
    if (maps.rows === 1 && layer.output[0] === this.classes.length && n >= this.network.layers.length - 2) {
      const names = this.classes.map((name) => element("span", { text: name, title: name }));
      const labels = element("div", { class: "labels code muted", "aria-hidden": "true" }, ...names);
      labels.style.setProperty("--columns", names.length);
      grid.append(labels);
    }
    column.append(host);
    const fit = () => grid.style.setProperty("--in-a-row", inARow(maps, grid.clientWidth));
    addEventListener("resize", fit);
    fit();
    this.#listen(canvases, maps, n);
    return { canvases, ...maps };
  }

  /** Choose by mouse and finger, and by keyboard: arrows walk over a map, Page Up and Down from map to map. */
  #listen(canvases, { rows, columns, index }, n) {
    let at = { map: 0, i: 0, j: 0 };
    const pick = (map, i, j) => {
      const chosen = index(map, i, j);
      if (chosen === null) return;
      at = { map, i, j };
      this.choose(n, chosen);
    };
    canvases.forEach((canvas, map) => {
      canvas.addEventListener("click", (event) => pick(map, ...cellAt(canvas, event)));
      canvas.addEventListener("pointermove", (event) => {
        const chosen = index(map, ...cellAt(canvas, event));
        const layer = this.network.layers[n];
        if (chosen !== null)
          canvas.title = `${nameOfCell(layer, chosen)}: ${formatNumber(this.network.values[n][chosen])}`;
      });
      canvas.addEventListener("keydown", (event) => {
        const step = {
          ArrowUp: [0, -1, 0],
          ArrowDown: [0, 1, 0],
          ArrowLeft: [0, 0, -1],
          ArrowRight: [0, 0, 1],
          PageUp: [-1, 0, 0],
          PageDown: [1, 0, 0],
          Enter: [0, 0, 0],
          " ": [0, 0, 0],
        }[event.key];
        if (!step) return;
        event.preventDefault();
        const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
        const here = at.map === map ? at : { ...at, map };
        const next = within(here.map + step[0], canvases.length);
        pick(next, within(here.i + step[1], rows), within(here.j + step[2], columns));
        canvases[next].focus();
      });
    });
  }
}

/** How wide a map is drawn: about as large as its numbers deserve, and rows of numbers across the whole column. */
function mapWidth({ count, columns }, isRow) {
  if (isRow) return Math.min(columns * 44, 640);
  if (count <= 16) {
    const inARow = count <= 8 ? count : Math.ceil(count / 2);
    return Math.min(Math.max(columns * 8, 66), Math.floor(ROOM / inARow) - 8, 150);
  }
  return Math.floor(ROOM / 8) - 8;
}

/** How many maps stand side by side: as many as there is room for, and if it can be, no row shorter than the others. */
export function inARow({ count, columns }, width) {
  const least = Math.max(width < 400 ? 64 : 48, 2.4 * columns); // fingers need more
  const most = Math.max(1, Math.min(count, Math.floor((width + GAP) / (least + GAP))));
  for (let n = most; n > most / 2; n--) if (count % n === 0) return n;
  return Math.ceil(count / Math.ceil(count / most));
}

/** What a layer does, in a few words. */
export function inWords(layer) {
  const by = (sizes) => sizes.join("×");
  const strides = layer.stride?.some((step) => step > 1) ? `, stride ${by(layer.stride)}` : "";
  const padded = layer.pad?.some((zeros) => zeros > 0) ? ", padded with zeros" : "";
  const words = {
    convolution: () => `${layer.output[2]} filters of ${by(layer.w.shape.slice(0, 2))}${strides}${padded}`,
    max_pool: () => `largest of each ${by(layer.window)} window`,
    average_pool: () => `mean of each ${by(layer.window)} window`,
    dense: () => `${layer.output[0]} weighted sums of ${layer.input[0]} numbers`,
    batch_norm: () => "each map shifted and stretched",
    zero_pad: () => (layer.title === "Cropping2D" ? "the edges cut off" : "zeros all round"),
    upsample: () => `each number ${by(layer.size)} times`,
    copy: () => (layer.activation ? "number by number" : handsOnInWords(layer)),
    softmax: () => "from scores to probabilities",
  }[layer.kind]();
  return layer.activation ? `${words}, then ${ACTIVATION_NAMES[layer.activation.name]}` : words;
}

function handsOnInWords(layer) {
  return /Dropout|Noise/.test(layer.title) ? "at rest: it only works while training" : "the same numbers, in a row";
}

export const ACTIVATION_NAMES = {
  relu: "ReLU",
  leaky_relu: "leaky ReLU",
  bounded_relu: "bounded ReLU",
  sigmoid: "sigmoid",
  hard_sigmoid: "hard sigmoid",
  tanh: "tanh",
  softsign: "softsign",
  softplus: "softplus",
  elu: "ELU",
  selu: "SELU",
  silu: "SiLU",
  gelu: "GELU",
  mish: "Mish",
  hard_silu: "hard SiLU",
  exponential: "exponential",
};
