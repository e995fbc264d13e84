// The loop's arrays as pictures: what they hold at a step, the window under the loop, and the number it is at.

import { cellAt, layFrame } from "./cells.js";
import { element } from "./dom.js";
import { colourScale, largestOf } from "./numbers.js";
import { numberText, tagOf } from "./stepper-code.js";
import { lowerBound } from "./stepper-trace.js";

const ELSEWHERE = 90; // the opacity, of 255, of what is known but was not stepped
const WIDEST = 176; // pixels
const ROW = 16; // a row of more numbers than this is wrapped

/** A card with a picture of one array. choose(array, place) is called with what the reader clicks. */
export class ArrayPicture {
  constructor(trace, number, choose) {
    this.trace = trace;
    this.number = number;
    this.array = trace.data.arrays[number];
    this.pinned = null;
    this.index = this.array.shape.map(() => 0);
    this.limit = Math.max(largestOf(this.array.before), largestOf(this.array.after));
    this.touches = this.touchesOf();
    this.layOut();
    this.build(choose);
  }

  /** Rows and columns of the picture. */
  layOut() {
    const { shape, shown } = this.array;
    if (shown.length === 2) {
      [this.rows, this.columns] = shown.map((axis) => shape[axis]);
    } else {
      const length = shape[shown[0]];
      this.columns = length <= ROW ? length : Math.ceil(Math.sqrt(length));
      this.rows = Math.ceil(length / this.columns);
    }
    this.fixed = shape.map((_, axis) => axis).filter((axis) => !shown.includes(axis));
  }

  build(choose) {
    const tag = `tag-${tagOf(this.trace, this.number)}`;
    this.root = element("figure", { class: `array ${tag}` });
    this.root.dataset.array = this.array.name;
    this.isSmall = this.rows <= 8 || this.isList(); // and may share a column with others
    this.canvas = element("canvas", { class: "map" });
    this.canvas.setAttribute("role", "img");
    this.window = element("div", { class: "frame window" });
    this.now = element("div", { class: "frame now" });
    const framed = element("div", { class: "framed" });
    framed.append(this.canvas, this.window, this.now);
    const widest = this.rows === 1 ? 0.8 * WIDEST : this.isList() ? 0.55 * WIDEST : WIDEST;
    const size = Math.min(22, widest / Math.max(this.columns, this.rows));
    framed.style.width = `${Math.max(this.columns * size, 26)}px`;
    const caption = element("figcaption");
    this.slice = element("span", { class: "slice" });
    this.shownValue = element("span", { class: "shown-value muted" });
    caption.append(element("b", { class: `chip ${tag}`, text: this.array.name }), this.slice, ...this.browseButtons());
    this.root.append(caption, framed, this.shownValue);
    framed.addEventListener("pointermove", (event) => this.tell(this.placeAt(...cellAt(this.canvas, event))));
    framed.addEventListener("pointerleave", () => this.tell(-1));
    framed.addEventListener("click", (event) => {
      const place = this.placeAt(...cellAt(this.canvas, event));
      if (place >= 0) choose(this.number, place);
    });
  }

  /** Whether it is one row of numbers beside an output of rows and columns: the biases, as a rule. */
  isList() {
    return this.array.shape.length === 1 && this.trace.data.arrays[this.trace.data.output].shape.length > 1;
  }

  /** For arrays of many slices: buttons to look through them without moving in time. */
  browseButtons() {
    return this.fixed
      .filter((axis) => this.array.shape[axis] > 1)
      .slice(-1)
      .flatMap((axis) =>
        [-1, 1].map((by) => {
          const button = element("button", { class: "browse", text: by < 0 ? "‹" : "›" });
          button.title = by < 0 ? "the slice before" : "the slice after";
          button.setAttribute("aria-label", `${this.array.name}: ${button.title}`);
          button.addEventListener("click", () => {
            const size = this.array.shape[axis];
            this.pinned = this.index.slice();
            this.pinned[axis] = (this.pinned[axis] + by + size) % size;
            this.paint(this.step, true);
          });
          return button;
        }),
      );
  }

  /** The steps that touch this array, and where, in order. */
  touchesOf() {
    const touched = [];
    for (const { step, array, place } of [this.trace.reads, this.trace.writes]) {
      for (let e = 0; e < step.length; e++) if (array[e] === this.number) touched.push([step[e], place[e]]);
    }
    touched.sort((a, b) => a[0] - b[0]);
    return { step: Int32Array.from(touched, ([step]) => step), place: Int32Array.from(touched, ([, place]) => place) };
  }

  /** The place to look at: of the output the cell that is worked on, else what this work touched last or will touch. */
  focus(step, cell) {
    if (this.number === this.trace.data.output && cell) return cell.place;
    const { step: steps, place } = this.touches;
    const after = lowerBound(steps, step + 1);
    if (after > 0 && (!cell || steps[after - 1] >= cell.start || after === steps.length)) return place[after - 1];
    return after < steps.length ? place[after] : -1;
  }

  /** Show the array at a step. footprint: the places that the work on the current cell reads. */
  show(step, cell, footprint) {
    const place = this.focus(step, cell);
    if (step !== this.step) this.pinned = null;
    const before = this.index.join();
    if (this.pinned) this.index = this.pinned;
    else if (place >= 0)
      this.index = this.trace.indexOf(this.number, place).map((i, axis) => i - this.array.origin[axis]);
    const moved = this.fixed.some((axis) => Number(before.split(",")[axis]) !== this.index[axis]);
    this.paint(step, moved || this.array.written || this.step === undefined);
    this.frameWindow(footprint);
    this.frameNow(step, cell);
  }

  paint(step, needed) {
    this.step = step;
    if (!needed) return;
    if (this.pinned) this.index = this.pinned;
    const { shown, whole, origin, name } = this.array;
    const words = whole.map((_, axis) => (shown.includes(axis) ? ":" : this.index[axis] + origin[axis]));
    this.slice.textContent = `[${words.join(", ")}]`;
    this.canvas.setAttribute("aria-label", `${name}, ${this.rows} by ${this.columns}`);
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (this.canvas.width !== this.columns || this.canvas.height !== this.rows) {
      this.canvas.width = this.columns;
      this.canvas.height = this.rows;
    }
    const pixels = context.createImageData(this.columns, this.rows);
    const colour = colourScale(this.array.grey ? "grey" : "signed", this.limit);
    for (let i = 0, at = 0; i < this.rows; i++) {
      for (let j = 0; j < this.columns; j++, at += 4) {
        const { value, opacity } = this.stateOf(this.placeAt(i, j), step);
        if (opacity === 0) continue;
        const [red, green, blue] = colour(value);
        pixels.data.set([red, green, blue, opacity], at);
      }
    }
    context.putImageData(pixels, 0, 0);
  }

  /** A place's number at a step, and how strongly it is shown: not at all before it is computed. */
  stateOf(place, step) {
    if (place < 0) return { value: Number.NaN, opacity: 0 };
    const { trace, number, array } = this;
    if (!array.written) return { value: array.before[place], opacity: 255 };
    if (!trace.isStepped(number, place)) {
      return { value: array.after[place], opacity: ELSEWHERE };
    }
    const written = trace.writtenBefore(number, place, step + 1) > 0;
    if (array.blank && !written) return { value: Number.NaN, opacity: 0 };
    return { value: trace.valueBefore(number, place, step + 1), opacity: 255 };
  }

  frameWindow(footprint) {
    const cells = footprint.map((place) => this.cellOf(place)).filter(Boolean);
    this.window.hidden = cells.length < 2 || this.array.shown.length === 1;
    if (this.window.hidden) return;
    const rows = cells.map(([i]) => i);
    const columns = cells.map(([, j]) => j);
    const [top, left] = [Math.min(...rows), Math.min(...columns)];
    const [height, width] = [Math.max(...rows) - top + 1, Math.max(...columns) - left + 1];
    layFrame(this.window, this.rows, this.columns, top, left, height, width);
  }

  frameNow(step, cell) {
    const isOutput = this.number === this.trace.data.output;
    const events = [...this.trace.readsOf(step), ...this.trace.writesOf(step)];
    const place = isOutput && cell ? cell.place : events.findLast(({ array }) => array === this.number)?.place;
    const at = place === undefined ? null : this.cellOf(place, true);
    this.now.hidden = !at;
    if (at) layFrame(this.now, this.rows, this.columns, at[0], at[1], 1, 1);
    this.tell(place ?? -1);
  }

  /** The flat place shown in row i and column j of the picture; -1 if there is none. */
  placeAt(i, j) {
    const { shape, shown } = this.array;
    const index = this.index.slice();
    if (shown.length === 2) {
      [index[shown[0]], index[shown[1]]] = [i, j];
    } else {
      index[shown[0]] = i * this.columns + j;
      if (index[shown[0]] >= shape[shown[0]]) return -1;
    }
    return index.reduce((place, at, axis) => place * shape[axis] + at, 0);
  }

  /** Row and column of a place in the picture. With `inSlice`, null if it is in a slice that is not shown. */
  cellOf(place, inSlice = false) {
    const { origin, shown } = this.array;
    const index = this.trace.indexOf(this.number, place).map((i, axis) => i - origin[axis]);
    if (inSlice && this.fixed.some((axis) => index[axis] !== this.index[axis])) return null;
    if (shown.length === 2) return shown.map((axis) => index[axis]);
    return [Math.floor(index[shown[0]] / this.columns), index[shown[0]] % this.columns];
  }

  /** Write a place and its number under the picture. */
  tell(place) {
    if (place < 0) {
      this.shownValue.textContent = "";
      return;
    }
    const { value, opacity } = this.stateOf(place, this.step);
    const text = opacity === 0 ? "not yet" : numberText(value, 4);
    this.shownValue.textContent = `[${this.trace.indexOf(this.number, place).join(", ")}]  ${text}`;
  }
}
