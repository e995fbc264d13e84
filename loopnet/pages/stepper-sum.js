// What one cell is made of: the numbers under the window, their products, the running total, and the list of terms.

import { cellAt, fillCells, paintMap } from "./cells.js";
import { element } from "./dom.js";
import { largestOf } from "./numbers.js";
import { keepInView, numberText, tagOf } from "./stepper-code.js";

const SHOWN = 200; // rows of the list; a sum may have thousands of terms
const NUMBERS = 7; // a window of at most this many rows and columns is shown in numbers, a larger one in colours

/** The panel for one cell. goTo(step) is called when the reader clicks a term. */
export class SumPanel {
  constructor(trace, pictures, parts, goTo) {
    Object.assign(this, { trace, pictures, parts, goTo, largestFirst: false, cell: null });
    parts.inOrder.addEventListener("click", () => this.sort(false));
    parts.largest.addEventListener("click", () => this.sort(true));
    parts.terms.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row?.dataset.step) goTo(Number(row.dataset.step));
    });
  }

  sort(largestFirst) {
    this.largestFirst = largestFirst;
    this.parts.inOrder.setAttribute("aria-pressed", String(!largestFirst));
    this.parts.largest.setAttribute("aria-pressed", String(largestFirst));
    this.listTerms();
    this.mark(this.step);
  }

  /** Show a cell's work at a step. */
  show(step, cell, terms, array) {
    const isNew = this.cell?.start !== cell.start || this.cell?.end !== cell.end;
    this.step = step;
    if (isNew) {
      Object.assign(this, { cell, terms, array });
      const [write] = this.trace.writesOf(cell.end).filter((one) => one.array === array && one.place === cell.place);
      this.value = write?.value ?? this.trace.data.arrays[array].after[cell.place];
      this.isCut = !write;
      this.winner = this.trace.winner(terms, this.value);
      this.isSum = terms.length > 0 && terms[0].total !== null;
      this.headline();
      this.listTerms();
    }
    this.showWindow();
    this.drawTotals();
    this.mark(step);
  }

  headline() {
    const { trace, terms, parts, array, cell } = this;
    parts.name.textContent = trace.nameOf(array, cell.place);
    parts.name.className = `chip tag-${tagOf(trace, array)}`;
    parts.value.textContent = ` = ${numberText(this.value, 5)}`;
    if (this.winner) {
      const [read] = this.winner.reads;
      parts.words.textContent = `the largest of ${terms.length} candidates: ${trace.nameOf(read.array, read.place)} wins`;
    } else if (this.isSum) {
      const { before } = terms[0];
      const what = terms[0].reads.length === 2 ? "product" : "term";
      const start = before === 0 ? "" : `${numberText(before, 4)}, to begin with, and `;
      parts.words.textContent = `${start}${terms.length.toLocaleString("en")} ${what}${terms.length === 1 ? "" : "s"}${this.isCut ? " that were recorded, of more" : ""}`;
    } else {
      parts.words.textContent = terms.length ? "worked out from" : "set without reading a number";
    }
    this.canBeSorted = terms.length > 1 && (this.isSum || Boolean(this.winner));
    parts.tools.hidden = !this.canBeSorted;
    parts.inOrder.textContent = this.isSum ? "as summed" : "in order";
  }

  listTerms() {
    const terms =
      this.largestFirst && this.canBeSorted
        ? this.terms.toSorted((a, b) => Math.abs(b.added) - Math.abs(a.added))
        : this.terms;
    const shown = terms.slice(0, SHOWN);
    const limit = largestOf(this.terms.map(({ added }) => added));
    const rows = shown.map((term) => this.termRow(term, limit));
    const more = terms.length - shown.length;
    if (more > 0) rows.push(element("li", { class: "muted more", text: `and ${more.toLocaleString("en")} more` }));
    this.parts.terms.replaceChildren(...rows);
    this.parts.terms.scrollTop = 0;
  }

  termRow(term, limit) {
    const { trace } = this;
    const row = element("li", { class: "term" });
    row.dataset.step = term.step;
    row.classList.toggle("winner", term === this.winner);
    term.reads.forEach((read, at) => {
      if (at > 0) row.append(element("span", { class: "muted times", text: this.isSum ? "×" : "," }));
      const one = element("span", { class: `read tag-${tagOf(trace, read.array)}` });
      one.append(
        element("b", { text: numberText(read.value, 4) }),
        element("small", { text: trace.nameOf(read.array, read.place) }),
      );
      row.append(one);
    });
    if (this.isSum) {
      const bar = element("span", { class: `bar ${term.added < 0 ? "below" : "above"}` });
      bar.style.setProperty("--share", Math.abs(term.added) / limit);
      row.append(
        element("span", { class: "muted times", text: "=" }),
        element("b", { class: "added", text: numberText(term.added, 4) }),
        bar,
      );
    }
    return row;
  }

  /** Mark the term that a step works on; what is still to come is pale. */
  mark(step) {
    let current = null;
    for (const row of this.parts.terms.children) {
      const at = Number(row.dataset.step);
      row.classList.toggle("to-come", at > step);
      row.classList.toggle("now", at === step);
      if (at === step) current = row;
    }
    if (current) keepInView(this.parts.terms, current);
    const done = this.terms.filter((term) => term.step <= step);
    const total = done.at(-1)?.total;
    this.parts.progress.textContent = this.isSum
      ? `${done.length} of ${this.terms.length}${done.length ? `, so far ${numberText(total, 5)}` : ""}`
      : "";
  }

  // the window in numbers

  /** Grids of numbers for the arrays under the window and for their products; of a large window, the products as a picture. */
  showWindow() {
    const { lens } = this.parts;
    const slots = this.terms[0]?.reads.map(({ array }) => array) ?? [];
    const boxes = slots.map((array, slot) => ({
      ...this.boxOf(array, slot),
      slot,
      array,
      tag: tagOf(this.trace, array),
    }));
    lens.replaceChildren();
    lens.hidden = !this.canBeSorted || slots.length > 2;
    if (lens.hidden) return;
    if (boxes.some(({ rows, columns }) => rows > NUMBERS || columns > NUMBERS)) {
      if (this.isSum)
        lens.append(this.productsMap(boxes.toSorted((a, b) => b.rows * b.columns - a.rows * a.columns)[0]));
      return;
    }
    boxes.forEach((box, at) => {
      if (at > 0) lens.append(element("span", { class: "sign", text: "×" }));
      lens.append(this.grid(box, (term) => term.reads[box.slot].value, `tag-${box.tag}`));
    });
    if (this.isSum && slots.length === 2) {
      const products = this.grid({ ...boxes[0], array: null }, (term) => (term.step <= this.step ? term.added : null));
      lens.append(element("span", { class: "sign", text: "=" }), products);
    }
  }

  /** What each term added, as a picture laid out like the array of a box. A click goes to the term. */
  productsMap({ rows, columns, top, left, slot, array }) {
    const added = new Map();
    for (const term of this.terms) {
      const at = this.pictures[array].cellOf(term.reads[slot].place, true);
      if (at) added.set((at[0] - top) * columns + at[1] - left, term);
    }
    const canvas = element("canvas", { class: "map products-map" });
    const limit = largestOf(this.terms.map((term) => term.added));
    const amount = (i, j) => {
      const term = added.get(i * columns + j);
      return term && term.step <= this.step ? term.added : 0;
    };
    paintMap(canvas, rows, columns, amount, limit);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `what each place of ${this.trace.data.arrays[array].name} has added`);
    canvas.addEventListener("click", (event) => {
      const [i, j] = cellAt(canvas, event);
      const term = added.get(i * columns + j);
      if (term) this.goTo(term.step);
    });
    return canvas;
  }

  grid({ rows, columns, top, left, slot, array }, numberOf, tag = "products") {
    const { trace, step } = this;
    const box = element("div", { class: `lens-grid ${tag}` });
    const cells = new Map();
    for (const term of this.terms) {
      const picture = this.pictures[term.reads[slot].array];
      const at = picture.cellOf(term.reads[slot].place, true);
      if (at) cells.set((at[0] - top) * columns + at[1] - left, term);
    }
    const limit = array === null ? largestOf(this.terms.map(({ added }) => added)) : this.pictures[array].limit;
    const grey = array !== null && trace.data.arrays[array].grey;
    const value = (i, j) => {
      const term = cells.get(i * columns + j);
      return term ? numberOf(term) : null;
    };
    const mark = (i, j) => {
      const term = cells.get(i * columns + j);
      return [term?.step === step ? "now" : "", term && term === this.winner ? "winner" : ""].filter(Boolean).join(" ");
    };
    fillCells(box, rows, columns, value, limit, { kind: grey ? "grey" : "signed", digits: 2, mark });
    for (const cell of box.children) {
      const number = value(Number(cell.dataset.row), Number(cell.dataset.column));
      if (number !== null) cell.textContent = numberText(number, 2);
    }
    return box;
  }

  /** Where the reads of a slot lie in the picture of their array. */
  boxOf(array, slot) {
    const picture = this.pictures[array];
    const cells = this.terms.map((term) => picture.cellOf(term.reads[slot].place));
    const [rows, columns] = [cells.map(([i]) => i), cells.map(([, j]) => j)];
    const [top, left] = [rows, columns].map((all) => all.reduce((a, b) => Math.min(a, b)));
    const [bottom, right] = [rows, columns].map((all) => all.reduce((a, b) => Math.max(a, b)));
    return { rows: bottom - top + 1, columns: right - left + 1, top, left };
  }

  // the running total

  drawTotals() {
    const { chart, done, rest, zero, dot } = this.parts;
    chart.toggleAttribute("hidden", !this.isSum || this.terms.length < 2);
    if (!this.isSum) return;
    const totals = [this.terms[0].before, ...this.terms.map(({ total }) => total)].map((t) =>
      Number.isFinite(t) ? t : 0,
    );
    const [low, high] = [totals.reduce((a, b) => Math.min(a, b), 0), totals.reduce((a, b) => Math.max(a, b), 0)];
    const point = (total, at) => {
      const y = (100 * (high - total)) / (high - low || 1);
      return `${((1000 * at) / (totals.length - 1)).toFixed(1)} ${y.toFixed(2)}`;
    };
    const points = totals.map(point);
    const count = 1 + this.terms.filter(({ step }) => step <= this.step).length;
    zero.setAttribute("d", `M${point(0, 0)}L${point(0, totals.length - 1)}`);
    rest.setAttribute("d", `M${points.join("L")}`);
    done.setAttribute("d", `M${points.slice(0, count).join("L")}`);
    dot.setAttribute("d", `M${points[count - 1]}h0`);
    chart.classList.toggle("below", totals[count - 1] < 0);
    chart.setAttribute("aria-label", `the running total after ${count - 1} terms: ${numberText(totals[count - 1], 4)}`);
  }
}
