// The learner's network: runs an image through its layers, and takes any number of it apart again.

import { indexOf, KINDS, place } from "./explain-kinds.js";

const ONE_LINE = 12; // numbers that are never wrapped

const elu = (x, { alpha, scale }) => scale * (x < 0 ? alpha * Math.expm1(x) : x);

function sigmoid(x) {
  const small = Math.exp(-Math.abs(x));
  return x < 0 ? small / (1 + small) : 1 / (1 + small);
}

const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const hardSigmoid = (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1);

/** The share of a Gaussian that lies below x: 1/2 + exp(-x^2 / 2) / sqrt(2 pi) * (x + x^3/3 + x^5/(3*5) + ...). */
function phi(x) {
  if (!(Math.abs(x) < 9)) return Number.isNaN(x) ? x : Number(x > 0);
  let [term, total] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(total); n += 2) {
    term *= (x * x) / n;
    total += term;
  }
  return 0.5 + (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * total;
}

/** What a layer does to each sum by itself, in double precision; storing the result rounds it. */
const ACTIVATIONS = {
  relu: (x) => Math.max(x, 0),
  leaky_relu: (x, { slope }) => (x < 0 ? slope * x : x),
  bounded_relu: (x, { most, slope, threshold }) =>
    x < threshold ? slope * (x - threshold) : Math.min(x, most ?? Number.POSITIVE_INFINITY),
  sigmoid,
  hard_sigmoid: hardSigmoid,
  tanh: Math.tanh,
  softsign: (x) => x / (1 + Math.abs(x)),
  softplus,
  elu,
  selu: elu,
  silu: (x) => x * sigmoid(x),
  gelu: (x) => x * phi(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  hard_silu: (x) => x * hardSigmoid(x),
  exponential: Math.exp,
};

export class Network {
  /**
   * layers: as loopnet/explain.py describes them; layers[0] is the image. dtype: "float32" or "float64".
   * After run(), values[n] is the output of layers[n], and sums[n] what it was before the layer's activation.
   */
  constructor(layers, dtype) {
    const Numbers = dtype === "float64" ? Float64Array : Float32Array;
    const room = ({ output }) => new Numbers(output.reduce((product, size) => product * size, 1));
    this.layers = layers;
    this.round = dtype === "float64" ? (x) => x : Math.fround;
    this.sums = layers.map(room);
    this.values = layers.map((layer, n) => (layer.activation ? room(layer) : this.sums[n]));
  }

  /** Compute everything for an image: flat, rows of columns of channels, as the network was trained on them. */
  run(image) {
    this.values[0].set(image);
    this.layers.forEach((layer, n) => {
      if (n === 0) return;
      KINDS[layer.kind].run(layer, this.values[n - 1], this.sums[n], this.round);
      if (layer.activation) this.activate(n);
    });
    return this.values.at(-1);
  }

  activate(n) {
    const { activation } = this.layers[n];
    const apply = ACTIVATIONS[activation.name];
    const [sums, values] = [this.sums[n], this.values[n]];
    for (let at = 0; at < sums.length; at++) values[at] = apply(sums[at], activation);
  }

  /**
   * How values[n][index] came about, step by step:
   * { bias, terms: [{ from, weight, tap, x, w, product, total }], sum, value }.
   * total is what the loop holds after that step: the sum so far, or in a pooling layer the largest so far. w, product and
   * bias are there if the layer has weights.
   */
  explain(n, index) {
    const layer = this.layers[n];
    const x = this.values[n - 1];
    const total = new this.sums[n].constructor(1);
    const weighted = layer.w !== undefined;
    const bias = weighted ? layer.b[index % layer.b.length] : undefined;
    total[0] = weighted ? bias : layer.kind === "max_pool" ? Number.NEGATIVE_INFINITY : 0;
    const terms = KINDS[layer.kind].terms(layer, index).map((term) => {
      const number = x[term.from];
      const product = weighted ? this.round(number * layer.w[term.weight]) : number;
      if (layer.kind === "max_pool") total[0] = number > total[0] || Number.isNaN(number) ? number : total[0];
      else total[0] += product;
      return { ...term, x: number, w: layer.w?.[term.weight], product, total: total[0] };
    });
    return { bias, terms, sum: this.sums[n][index], value: this.values[n][index] };
  }

  /** Where a number really comes from, through layers that only hand it on: [layer, index]. */
  origin(n, index) {
    let layer = n;
    while (layer > 0 && handsOn(this.layers[layer])) layer--;
    return [layer, index];
  }

  /** The pixels that a number depends on, as { top, left, height, width }; it may reach over the edge into padding. */
  pixelsOf(n, index) {
    const { rows, columns } = imageSize(this.layers[0].output);
    const all = { top: 0, left: 0, height: rows, width: columns };
    if (this.layers[n].output.length !== 3) return all;
    const [row, col] = place(this.layers[n].output, index);
    let box = { top: row, left: col, height: 1, width: 1 };
    for (let at = n; at > 0; at--) {
      if (this.layers[at].input.length !== 3) return all;
      box = windowUnder(this.layers[at], box);
    }
    return box;
  }
}

/** Whether a layer changes no number: Flatten, Reshape, and Dropout once training is over. */
export function handsOn(layer) {
  return layer.kind === "copy" && !layer.activation;
}

/** The box of a layer's input that a box of its output was computed from. */
export function windowUnder(layer, { top, left, height, width }) {
  const window = layer.window ?? layer.w?.shape;
  if (layer.kind === "zero_pad") {
    return { top: top - layer.before[0], left: left - layer.before[1], height, width };
  }
  if (layer.kind === "upsample") {
    const under = (axis, first, count) => {
      const start = Math.floor(first / layer.size[axis]);
      return [start, Math.floor((first + count - 1) / layer.size[axis]) - start + 1];
    };
    const [[rowFirst, rows], [colFirst, columns]] = [under(0, top, height), under(1, left, width)];
    return { top: rowFirst, left: colFirst, height: rows, width: columns };
  }
  if (!window || layer.kind === "dense") return { top, left, height, width };
  const along = (axis, first, count) => {
    const covered = (window[axis] - 1) * (layer.dilation?.[axis] ?? 1) + 1;
    return [first * layer.stride[axis] - layer.pad[axis], (count - 1) * layer.stride[axis] + covered];
  };
  const [rowFirst, rows] = along(0, top, height);
  const [colFirst, columns] = along(1, left, width);
  return { top: rowFirst, left: colFirst, height: rows, width: columns };
}

/** What one of a layer's maps is called; those of a colour image are its colours. */
export function nameOfMap(layer, map) {
  return layer.kind === "image" && layer.output[2] === 3 ? ["red", "green", "blue"][map] : `map ${map}`;
}

/** Where a cell of a layer is, in words. */
export function nameOfCell(layer, index) {
  const at = place(layer.output, index);
  if (at.length === 3) {
    const map = layer.output[2] > 1 ? `${nameOfMap(layer, at[2])}, ` : "";
    return `${map}row ${at[0]}, column ${at[1]}`;
  }
  return at.length === 2 ? `row ${at[0]}, column ${at[1]}` : `unit ${at[0]}`;
}

/**
 * How many maps a layer's output is drawn as, and how large each is; a row of numbers is wrapped into lines, `wide` times as
 * long as there are lines.
 */
export function mapsOf(shape, wide = 8) {
  if (shape.length === 3) {
    const [rows, columns, count] = shape;
    return { count, rows, columns, index: (map, i, j) => indexOf(shape, [i, j, map]) };
  }
  if (shape.length === 2)
    return { count: 1, rows: shape[0], columns: shape[1], index: (_, i, j) => indexOf(shape, [i, j]) };
  const rows = shape[0] <= ONE_LINE ? 1 : Math.max(1, Math.round(Math.sqrt(shape[0] / wide)));
  const columns = Math.ceil(shape[0] / rows);
  const index = (_, i, j) => (i * columns + j < shape[0] ? i * columns + j : null);
  return { count: 1, rows, columns, index };
}

/** Rows and columns of the image; the pixels of a square may come as one row. */
export function imageSize(shape) {
  if (shape.length > 1) return mapsOf(shape);
  return { rows: Math.sqrt(shape[0]), columns: Math.sqrt(shape[0]) };
}
