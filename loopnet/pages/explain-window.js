// The window of one sum: the numbers below, the weights, and their products, side by side.

import { cellAt, fillCells, layFrame, paintMap } from "./cells.js";
import { element } from "./dom.js";
import { place } from "./explain-kinds.js";
import { ACTIVATION_NAMES } from "./explain-maps.js";
import { nameOfMap } from "./explain-network.js";
import { formatNumber, formatShort, largestOf } from "./numbers.js";

const MOST_CELLS = 64; // of a window whose numbers are written out; a larger one is painted

/**
 * The window of a sum: { height, width, channels: [those it looks into], at(term): [row, column, channel] }; null where the
 * numbers below are a row and no picture. A dense layer above maps is a convolution whose window is the whole map.
 */
export function windowOf(network, n, sum) {
  const layer = network.layers[n];
  if (layer.kind !== "dense") {
    const [height, width] = layer.window ?? layer.w.shape;
    return { height, width, channels: [...new Set(sum.terms.map(({ tap }) => tap[2]))], at: ({ tap }) => tap };
  }
  const shape = network.layers[network.origin(n - 1, 0)[0]].output;
  if (shape.length === 1) return null;
  const [height, width, count = 1] = shape;
  const at = ({ from }) => {
    const [row, column, channel = 0] = place(shape, from);
    return [row, column, channel];
  };
  return { height, width, channels: Array.from({ length: count }, (_, c) => c), at };
}

/** What each channel adds to a sum, and the channel that adds most: { subtotals: Map, loudest }. */
export function byChannel({ channels, at }, sum) {
  const subtotals = new Map(channels.map((c) => [c, 0]));
  for (const term of sum.terms) subtotals.set(at(term)[2], subtotals.get(at(term)[2]) + term.product);
  const louder = (a, b) => (Math.abs(subtotals.get(b)) > Math.abs(subtotals.get(a)) ? b : a);
  return { subtotals, loudest: channels.reduce(louder) };
}

/**
 * The grids of one channel of a window, after `step` steps of the loop. below: the layer that the numbers come from;
 * grey: they are pixels from 0 to that number; opens(from) is called when the reader picks one of them.
 */
export function windowView(layer, sum, window, { channel, below, step, grey, opens }) {
  const weighted = sum.bias !== undefined;
  const cells = new Map();
  sum.terms.forEach((term, order) => {
    const [r, s, c] = window.at(term);
    if (c === channel) cells.set(r * window.width + s, { ...term, order });
  });
  const winner = layer.kind === "max_pool" ? sum.terms.findIndex(({ x }) => x === sum.sum) : null;
  const grid = (title, read, limit, kind = "signed", click = null) =>
    gridOf(title, { ...window, cells, step, winner, count: sum.terms.length, limit, kind, read, click });
  const limitOf = (read) => largestOf(sum.terms.map(read));
  const [x, w, product] = [(term) => term.x, (term) => term.w, (term) => term.product];
  const title = window.channels.length > 1 ? `${nameOfMap(below, channel)} below` : "window";
  const view = element("div", { class: "trio" }, grid(title, x, grey ?? limitOf(x), grey ? "grey" : "signed", opens));
  if (weighted) {
    view.append(sign("×"), grid(layer.kind === "dense" ? "weights" : "filter", w, largestOf(layer.w)));
    view.append(sign("="), grid("products", product, limitOf(product)));
  }
  view.append(tally(layer, sum));
  return view;
}

function sign(text) {
  return element("span", { class: "sign", text });
}

/** What comes of it all, line by line. */
function tally(layer, sum) {
  const lines = [];
  const count = sum.terms.length;
  if (sum.bias !== undefined) {
    lines.push([`${count} products`, sum.sum - sum.bias], ["bias", sum.bias], ["sum", sum.sum]);
  } else lines.push([layer.kind === "max_pool" ? `largest of ${count}` : `mean of ${count}`, sum.sum]);
  if (layer.activation) lines.push([`after ${ACTIVATION_NAMES[layer.activation.name]}`, sum.value]);
  const rows = lines.flatMap(([name, number]) => [
    element("dt", { class: "muted", text: name }),
    element("dd", { class: "code", text: formatNumber(number) }),
  ]);
  return element("dl", { class: "tally" }, ...rows);
}

function gridOf(title, { height, width, cells, step, winner, count, limit, kind, read, click }) {
  const written = height * width <= MOST_CELLS;
  const value = (r, s) => {
    const cell = cells.get(r * width + s);
    return cell ? read(cell) : null;
  };
  const walking = step < count;
  const opens = (r, s) => {
    const cell = cells.get(r * width + s);
    if (cell) click?.(cell.from);
  };
  const picture = element("div", { class: `picture ${click ? "opens" : ""} ${written ? "" : "framed"}` });
  if (written) {
    const mark = (r, s) => {
      const order = cells.get(r * width + s)?.order;
      if (!walking) return order !== undefined && order === winner ? "winner" : "";
      return order === undefined ? "" : order === step - 1 ? "current" : order >= step ? "later" : "";
    };
    fillCells(picture, height, width, value, limit, { kind, format: formatShort, mark });
    picture.addEventListener("click", ({ target }) => {
      if (target.dataset.row) opens(Number(target.dataset.row), Number(target.dataset.column));
    });
  } else {
    const canvas = element("canvas", { class: "map" });
    paintMap(canvas, height, width, value, limit, kind);
    canvas.addEventListener("click", (event) => opens(...cellAt(canvas, event)));
    picture.append(canvas);
    const [key] = [...cells].find(([, { order }]) => walking && order === step - 1) ?? [];
    if (key !== undefined) {
      const frame = element("div", { class: "frame" });
      layFrame(frame, height, width, Math.floor(key / width), key % width, 1, 1);
      picture.append(frame);
    }
  }
  return element("figure", {}, picture, element("figcaption", { class: "muted", text: title }));
}
