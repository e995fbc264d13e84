// The page of a trained network: an image goes in, and every number on its way can be looked at.

import { paintMap } from "./cells.js";
import { readData } from "./data.js";
import { byId } from "./dom.js";
import { imageOf } from "./explain-drawing.js";
import { Maps } from "./explain-maps.js";
import { Network } from "./explain-network.js";
import { Outputs } from "./explain-outputs.js";
import { installPad } from "./explain-pad.js";
import { Sum } from "./explain-sum.js";
import { indexOfLargest, largestOf } from "./numbers.js";
import { installTheme } from "./theme.js";

const data = readData();
const network = new Network(data.layers, data.dtype);
const maps = new Maps(network, data, byId("seen"), byId("layers"), open);
const outputs = new Outputs(network, data.classes, (k) => open(network.layers.length - 1, k, false));
const { low, high, shape } = data.drawing;
const white = low === 0 && shape[2] !== 3 ? high : null;
const sum = new Sum(network, { classes: data.classes, white }, open, close);
const size = data.images.length / data.images.shape[0];
const picture = (n) => data.images.subarray(n * size, (n + 1) * size);
const aboutPicture = (n) => ({ label: data.labels ? (data.classes[data.labels[n]] ?? data.labels[n]) : undefined });
const paper = new Float32Array(size).fill(data.drawing.low);
let chosen = null; // { n, index, before }: the open number, and the one that was open before it
let waiting = false;
let next = null; // shows the image that is to be shown in the next frame

function show(image, about = {}) {
  network.run(image);
  maps.paint();
  outputs.paint(network.values.at(-1), about);
  sum.update();
}

/** Show an image in the next frame; of several in one frame only the last. */
function showSoon(makeImage, about) {
  next = () => show(makeImage(), about);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    next();
  });
}

function open(n, index, scroll = true) {
  if (chosen?.n !== n || chosen?.index !== index) {
    // walking over a layer's numbers is one visit, going to another layer is the next one
    chosen = { n, index, before: chosen?.n === n ? chosen.before : chosen };
  }
  document.body.classList.add("open");
  reopen();
  if (scroll) document.querySelector(".frame.chosen")?.scrollIntoView({ block: "nearest" });
}

function reopen() {
  const { n, index, before } = chosen;
  const back = () => {
    chosen = before;
    reopen();
  };
  sum.open(n, index, before ? back : null);
  maps.frame(n, index);
}

function close() {
  document.body.classList.remove("open");
}

/** What to look at first: the strongest number of the first layer that computes something. */
function beginning() {
  const n = network.layers.findIndex(({ kind }) => !["image", "copy", "zero_pad", "upsample"].includes(kind));
  return { n, index: indexOfLargest(network.values[n]), before: null };
}

byId("name").textContent = data.name;
byId("about").textContent =
  `A network of ${data.parameters.toLocaleString("en")} numbers that it has learned. Draw, and click any number to see how it came about.`;
installTheme(byId("theme"));

// a layer's colours end at the largest number that any of the test images makes it compute
const limits = network.layers.map(() => 0);
for (let n = 0; n < Math.min(data.images.shape[0], 10); n++) {
  network.run(picture(n));
  network.values.forEach((values, layer) => {
    limits[layer] = Math.max(limits[layer], largestOf(values));
  });
}
maps.setLimits(limits);

installPad(
  { ...data, ...data.drawing },
  {
    drawn: (strokes) => showSoon(() => imageOf(strokes, data.drawing)),
    picked: (n) => showSoon(() => picture(n), aboutPicture(n)),
    cleared: () => showSoon(() => paper, { empty: true }),
  },
);
function paintLegend() {
  paintMap(document.querySelector("#legend canvas"), 1, 101, (_, j) => j - 50, 50);
}

paintLegend();
document.addEventListener("themechange", () => {
  paintLegend();
  maps.paint();
  sum.update();
});
byId("examples").firstElementChild.click();
show(picture(0), aboutPicture(0));
chosen = beginning();
reopen();
// for whoever wants to look further, and for the tests
window.network = network;
