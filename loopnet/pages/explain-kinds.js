// What each kind of layer computes. The loops are those of loopnet/kernels: the same order, the same rounding.
//
// Numbers lie flat, channels last, as in loopnet: y[(i * columns + j) * filters + k]. `y` is of the network's type and
// rounds whatever is stored in it; `round` does the same to a product on its way into a sum.
//
// run(layer, x, y, round)   overwrites y with the layer's output, before its activation
// terms(layer, index)       what went into y[index], in the loop's order: [{ from, weight, tap }], where x[from] met
//                           w[weight], and tap names the place in the window: [r, s, c]

export const KINDS = {
  convolution: { run: convolve, terms: convolutionTerms },
  max_pool: { run: maxPool, terms: poolTerms },
  average_pool: { run: averagePool, terms: poolTerms },
  dense: { run: multiply, terms: denseTerms },
  batch_norm: { run: normalise, terms: onlyTerm },
  zero_pad: { run: zeroPad, terms: zeroPadTerms },
  upsample: { run: upsample, terms: upsampleTerms },
  copy: { run: (_, x, y) => y.set(x), terms: onlyTerm },
  softmax: { run: softmax, terms: allTerms },
};

function convolve(layer, x, y, round) {
  const { w, b, stride, pad, dilation } = layer;
  const [height, width, channels] = layer.input;
  const [rows, columns, filters] = layer.output;
  const [windowHeight, windowWidth, groupChannels] = w.shape;
  const groups = channels / groupChannels;
  const groupFilters = filters / groups;

  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      // all filters at once: each total still adds its products in the order r, s, c
      const total = y.subarray((i * columns + j) * filters, (i * columns + j + 1) * filters);
      total.set(b);
      for (let r = 0; r < windowHeight; r++) {
        const row = i * stride[0] + r * dilation[0] - pad[0];
        if (row < 0 || row >= height) continue;
        for (let s = 0; s < windowWidth; s++) {
          const col = j * stride[1] + s * dilation[1] - pad[1];
          if (col < 0 || col >= width) continue;
          for (let group = 0; group < groups; group++) {
            for (let c = 0; c < groupChannels; c++) {
              const pixel = x[(row * width + col) * channels + group * groupChannels + c];
              const at = ((r * windowWidth + s) * groupChannels + c) * filters;
              for (let k = group * groupFilters; k < (group + 1) * groupFilters; k++) {
                total[k] += round(pixel * w[at + k]);
              }
            }
          }
        }
      }
    }
  }
}

function convolutionTerms(layer, index) {
  const { w, stride, pad, dilation } = layer;
  const [height, width, channels] = layer.input;
  const [i, j, k] = place(layer.output, index);
  const [windowHeight, windowWidth, groupChannels, filters] = w.shape;
  const first = Math.floor(k / ((filters * groupChannels) / channels)) * groupChannels;
  const terms = [];
  for (let r = 0; r < windowHeight; r++) {
    const row = i * stride[0] + r * dilation[0] - pad[0];
    if (row < 0 || row >= height) continue;
    for (let s = 0; s < windowWidth; s++) {
      const col = j * stride[1] + s * dilation[1] - pad[1];
      if (col < 0 || col >= width) continue;
      for (let c = 0; c < groupChannels; c++) {
        const from = (row * width + col) * channels + first + c;
        terms.push({ from, weight: ((r * windowWidth + s) * groupChannels + c) * filters + k, tap: [r, s, first + c] });
      }
    }
  }
  return terms;
}

/** Call visit(from, r, s) for each pixel of a pooling window that lies inside the image. */
function overWindow(layer, i, j, c, visit) {
  const [height, width, channels] = layer.input;
  for (let r = 0; r < layer.window[0]; r++) {
    const row = i * layer.stride[0] + r - layer.pad[0];
    if (row < 0 || row >= height) continue;
    for (let s = 0; s < layer.window[1]; s++) {
      const col = j * layer.stride[1] + s - layer.pad[1];
      if (col >= 0 && col < width) visit((row * width + col) * channels + c, r, s);
    }
  }
}

/** Call visit(index, i, j, c) for each element of a layer's output of rows, columns and channels. */
function overOutput([rows, columns, channels], visit) {
  for (let i = 0, index = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      for (let c = 0; c < channels; c++, index++) visit(index, i, j, c);
    }
  }
}

function maxPool(layer, x, y) {
  overOutput(layer.output, (index, i, j, c) => {
    let largest = Number.NEGATIVE_INFINITY;
    overWindow(layer, i, j, c, (from) => {
      if (x[from] > largest || Number.isNaN(x[from])) largest = x[from];
    });
    y[index] = largest;
  });
}

function averagePool(layer, x, y) {
  overOutput(layer.output, (index, i, j, c) => {
    let inside = 0;
    y[index] = 0;
    overWindow(layer, i, j, c, (from) => {
      y[index] += x[from];
      inside++;
    });
    y[index] /= inside;
  });
}

function poolTerms(layer, index) {
  const [i, j, c] = place(layer.output, index);
  const terms = [];
  overWindow(layer, i, j, c, (from, r, s) => terms.push({ from, tap: [r, s, c] }));
  return terms;
}

function multiply({ w, b }, x, y, round) {
  const units = b.length;
  y.set(b);
  for (let n = 0; n < x.length; n++) {
    for (let k = 0; k < units; k++) y[k] += round(x[n] * w[n * units + k]);
  }
}

function denseTerms({ w, b }, k) {
  return Array.from({ length: w.shape[0] }, (_, n) => ({ from: n, weight: n * b.length + k, tap: [n] }));
}

function normalise({ slope, mean, beta }, x, y, round) {
  for (let at = 0; at < x.length; at++) {
    const c = at % slope.length;
    y[at] = round(slope[c] * round(x[at] - mean[c])) + beta[c];
  }
}

function zeroPad(layer, x, y) {
  y.fill(0);
  overOutput(layer.output, (index) => {
    for (const { from } of zeroPadTerms(layer, index)) y[index] = x[from];
  });
}

function zeroPadTerms(layer, index) {
  const [height, width, channels] = layer.input;
  const [i, j, c] = place(layer.output, index);
  const [row, col] = [i - layer.before[0], j - layer.before[1]];
  const inside = row >= 0 && row < height && col >= 0 && col < width;
  return inside ? [{ from: (row * width + col) * channels + c, tap: [] }] : [];
}

function upsample(layer, x, y) {
  overOutput(layer.output, (index) => {
    y[index] = x[upsampleTerms(layer, index)[0].from];
  });
}

function upsampleTerms(layer, index) {
  const [, width, channels] = layer.input;
  const [i, j, c] = place(layer.output, index);
  const [row, col] = [Math.floor(i / layer.size[0]), Math.floor(j / layer.size[1])];
  return [{ from: (row * width + col) * channels + c, tap: [] }];
}

/** In double precision whatever the type, as in loopnet/kernels/softmax.py. */
function softmax(_, x, y) {
  const largest = Math.max(...x);
  const powers = Array.from(x, (logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  y.set(powers.map((power) => power / total));
}

function onlyTerm(_, index) {
  return [{ from: index, tap: [] }];
}

function allTerms({ input: [count] }) {
  return Array.from({ length: count }, (_, n) => ({ from: n, tap: [n] }));
}

/** The place of a flat index in a shape: [row, column, channel] in a picture, [unit] in a row. */
export function place(shape, index) {
  return shape.map((_, axis) => {
    const below = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    return Math.floor(index / below) % shape[axis];
  });
}

/** The flat index of a place: place() backwards. */
export function indexOf(shape, at) {
  return at.reduce((index, position, axis) => index * shape[axis] + position, 0);
}
