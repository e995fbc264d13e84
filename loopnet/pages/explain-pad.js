// The drawing pad, and the test images to pick from instead.

import { paintMap } from "./cells.js";
import { byId, element } from "./dom.js";
import { traceStroke } from "./explain-drawing.js";
import { imageSize } from "./explain-network.js";

const PEN = 0.075; // of the pad's width

/**
 * Make the pad and the test images work. drawn(strokes) is called at every movement, picked(n) for test image n,
 * cleared() when the pad is empty again. Returns { show(image), paint() }: lay a picture on the pad, and paint it again.
 */
export function installPad({ images, labels, classes, shape, low, high }, { drawn, picked, cleared }) {
  const canvas = byId("pad");
  const context = canvas.getContext("2d");
  let strokes = [];
  let drawing = null; // the pointer that is drawing
  let picture = null; // the test image that lies on the pad

  const paint = () => {
    const size = canvas.width;
    context.fillStyle = "#000";
    context.fillRect(0, 0, size, size);
    if (picture) {
      context.imageSmoothingEnabled = false;
      context.drawImage(picture, 0, 0, size, size);
    }
    Object.assign(context, { lineWidth: PEN * size, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    for (const stroke of strokes)
      traceStroke(
        context,
        stroke.map(([x, y]) => [x * size, y * size]),
      );
    byId("invitation").hidden = strokes.length > 0 || picture !== null;
    byId("undo").disabled = strokes.length === 0;
  };
  const choose = (n) => {
    for (const button of byId("examples").children) button.setAttribute("aria-pressed", button.dataset.n === String(n));
  };
  const changed = () => {
    paint();
    if (strokes.length > 0) drawn(strokes);
    else cleared();
  };
  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    drawing = event.pointerId;
    picture = null;
    choose(null);
    strokes.push([pointOf(event)]);
    changed();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    // a quick hand makes several points between two frames
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) strokes.at(-1).push(pointOf(each));
    changed();
  });
  const lift = (event) => {
    if (event.pointerId === drawing) drawing = null;
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  byId("undo").addEventListener("click", () => {
    strokes.pop();
    changed();
  });
  byId("clear").addEventListener("click", () => {
    strokes = [];
    picture = null;
    choose(null);
    changed();
  });

  const count = images.shape[0];
  const size = images.length / count;
  for (let n = 0; n < count; n++) {
    const small = element("canvas", { class: "map" });
    paintImage(small, images.subarray(n * size, (n + 1) * size), shape, low, high);
    const what = labels ? `, a ${classes[labels[n]] ?? labels[n]}` : "";
    const pick = () => {
      strokes = [];
      picture = small;
      choose(n);
      paint();
      picked(n);
    };
    const about = {
      class: "example",
      type: "button",
      "data-n": n,
      "aria-pressed": "false",
      "aria-label": `Test image ${n}${what}`,
    };
    byId("examples").append(element("button", { ...about, click: pick }, small));
  }
  paint();
}

/** Paint an image as the network takes it: grey, or colours if it has three channels. */
export function paintImage(canvas, image, shape, low, high) {
  const { rows, columns } = imageSize(shape);
  const channels = shape.length === 3 ? shape[2] : 1;
  paintMap(canvas, rows, columns, (i, j) => image[(i * columns + j) * channels] - low, high - low, "grey");
  if (channels !== 3) return;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    for (let c = 0; c < 3; c++) pixels.data[4 * at + c] = (255 * (image[3 * at + c] - low)) / (high - low);
    pixels.data[4 * at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}
