// A drawing, made into an image as the training images were made.
//
// A drawing is a list of strokes, a stroke a list of points [x, y], from 0 to 1 in both directions.

import { imageSize } from "./explain-network.js";

const DOT = 0.01; // pixels
const FINER = 4; // strokes are drawn so many times larger, and each pixel is the mean of its part

/**
 * The image as the network takes it: flat, rows of columns of channels, from `low` (paper) to `high` (ink).
 * prepare: "digits": made to fill 8x8 dots of 17 shades, and enlarged from there; "mnist": 20 pixels large in the
 * middle of 28x28, by its centre of mass; "plain": left where it was drawn.
 */
export function imageOf(strokes, { shape, prepare, low, high }) {
  const { rows: height, columns: width } = imageSize(shape);
  const channels = shape[2] ?? 1;
  const size = Math.min(height, width);
  const [picture, side] = PREPARED[prepare](strokes, size);
  const image = new Float32Array(height * width * channels).fill(low);
  const top = Math.floor((height - side) / 2);
  const left = Math.floor((width - side) / 2);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const at = ((top + i) * width + left + j) * channels;
      image.fill(low + (high - low) * picture[i * side + j], at, at + channels);
    }
  }
  return image;
}

const PREPARED = {
  plain: (strokes, size) => [inked(strokes, size, Math.max(size / 12, 1.5), ([x, y]) => [x * size, y * size]), size],
  digits: (strokes, size) => {
    // in that set three tenths of every image are ink, whatever the digit: a 1 is written with a broad pen, an 8 with a fine one
    const place = fit(strokes, 28, 20, 16, 1.5);
    const pen = Math.min(Math.max((0.3 * 32 * 32) / lengthOf(strokes, place), 3), 9);
    const dots = shrink(inked(strokes, 32, pen, place), 8, 4).map((ink) => Math.round(ink * 16));
    return [enlarge(dots, 8, size).map((dot) => Math.round((dot * 255) / 16) / 255), size];
  },
  mnist: (strokes) => {
    const place = fit(strokes, 17.4, 17.4, 14, 1);
    const [x, y] = centreOfMass(inked(strokes, 28, 2.6, place), 28);
    const centred = (point) => {
      const [across, down] = place(point);
      return [across + 14 - x, down + 14 - y];
    };
    return [inked(strokes, 28, 2.6, centred), 28];
  },
};

/**
 * A function that lays the drawing's points into a box of that height and width round (middle, middle). It may stretch them
 * one way up to `stretch` times as much as the other: writing is to fill the box, but a 1 must not become a blot.
 */
function fit(strokes, height, width, middle, stretch) {
  const points = strokes.flat();
  const range = (axis) => [Math.min(...points.map((p) => p[axis])), Math.max(...points.map((p) => p[axis]))];
  const [[left, right], [top, bottom]] = [range(0), range(1)];
  const largest = 6 * Math.max(height, width); // a dot stays a dot
  const tall = Math.min(height / (bottom - top), largest);
  const wide = Math.min(width / (right - left), largest);
  const across = Math.min(wide, tall * stretch);
  const down = Math.min(tall, wide * stretch);
  return ([x, y]) => [middle + (x - (left + right) / 2) * across, middle + (y - (top + bottom) / 2) * down];
}

function lengthOf(strokes, place) {
  let total = 0;
  for (const stroke of strokes.map((points) => points.map(place))) {
    for (let n = 1; n < stroke.length; n++) {
      total += Math.hypot(stroke[n][0] - stroke[n - 1][0], stroke[n][1] - stroke[n - 1][1]);
    }
  }
  return total;
}

/** Strokes on size x size pixels, 0 to 1, with a round pen of that width; place() says where a point lies in pixels. */
function inked(strokes, size, pen, place) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * FINER;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.scale(FINER, FINER);
  Object.assign(context, { lineWidth: pen, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
  for (const stroke of strokes) traceStroke(context, stroke.map(place));
  const { data } = context.getImageData(0, 0, size * FINER, size * FINER);
  const fine = Float32Array.from({ length: (size * FINER) ** 2 }, (_, at) => data[4 * at + 3] / 255);
  return shrink(fine, size, FINER);
}

/** Draw one stroke, through the middle of each two points so that it bends smoothly. */
export function traceStroke(context, points) {
  context.beginPath();
  context.moveTo(...points[0]);
  points.slice(1).forEach(([x, y], n) => {
    const [a, b] = points[n];
    context.quadraticCurveTo(a, b, (a + x) / 2, (b + y) / 2);
  });
  const [x, y] = points.at(-1);
  const isDot = points.every((point) => point[0] === x && point[1] === y);
  context.lineTo(isDot ? x + DOT : x, y); // some browsers draw nothing for a line that has no length
  context.stroke();
}

/** The means of blocks of block x block pixels, as a picture of size x size. */
function shrink(picture, size, block) {
  const small = new Float32Array(size * size);
  for (let at = 0; at < picture.length; at++) {
    const i = Math.floor(Math.floor(at / (size * block)) / block);
    const j = Math.floor((at % (size * block)) / block);
    small[i * size + j] += picture[at] / block ** 2;
  }
  return small;
}

/** Bilinear, as resize_bilinear of loopnet/images.py. */
function enlarge(picture, from, to) {
  const place = (n) => {
    const position = Math.min(Math.max(((n + 0.5) * from) / to - 0.5, 0), from - 1);
    const before = Math.floor(position);
    return [before, Math.min(before + 1, from - 1), position - before];
  };
  const large = new Float32Array(to * to);
  for (let i = 0; i < to; i++) {
    const [top, bottom, down] = place(i);
    for (let j = 0; j < to; j++) {
      const [left, right, across] = place(j);
      const row = (r) => picture[r * from + left] * (1 - across) + picture[r * from + right] * across;
      large[i * to + j] = row(top) * (1 - down) + row(bottom) * down;
    }
  }
  return large;
}

function centreOfMass(picture, size) {
  let [mass, x, y] = [0, 0, 0];
  picture.forEach((ink, at) => {
    mass += ink;
    x += ink * ((at % size) + 0.5);
    y += ink * (Math.floor(at / size) + 0.5);
  });
  return mass ? [x / mass, y / mass] : [size / 2, size / 2];
}
