// Grids of numbers: as a picture of one pixel a number, or as cells that show the numbers themselves.

import { colourScale, formatNumber, inkOn } from "./numbers.js";

/**
 * Paint rows x columns numbers on a canvas, a pixel each; the style sheet's class "map" enlarges them with sharp edges.
 * value(i, j) is the number in row i and column j, null if there is none; kind and limit are those of colourScale.
 */
export function paintMap(canvas, rows, columns, value, limit, kind = "signed") {
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = canvas.getContext("2d", { willReadFrequently: true }); // keeps it in memory, where the pixels are made
  const pixels = context.createImageData(columns, rows);
  const colour = colourScale(kind, limit);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, at += 4) {
      const number = value(i, j);
      if (number === null) continue;
      pixels.data.set(colour(number), at);
      pixels.data[at + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
}

/** The cell [i, j] of a canvas painted by paintMap that a mouse, finger or pen points at; always one inside. */
export function cellAt(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const inside = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
  return [
    inside((event.clientY - box.top) / box.height, canvas.height),
    inside((event.clientX - box.left) / box.width, canvas.width),
  ];
}

/**
 * Lay a frame (an element of class "frame", beside a canvas of that many rows and columns in an element of class
 * "framed") round the cells from row `top` and column `left` on. It may hang over the edge, as padded windows do.
 */
export function layFrame(frame, rows, columns, top, left, height, width) {
  frame.style.top = `${(100 * top) / rows}%`;
  frame.style.left = `${(100 * left) / columns}%`;
  frame.style.height = `${(100 * height) / rows}%`;
  frame.style.width = `${(100 * width) / columns}%`;
}

/**
 * Fill an element with rows x columns cells that show their numbers. The cells are kept from call to call; each has
 * data-row and data-column. A value of null is an empty cell: there is nothing there. Options: kind, as
 * for colourScale; format(number), its text, or how many digits that has; mark(i, j), a class for the cell, or "".
 */
export function fillCells(element, rows, columns, value, limit, options = {}) {
  const { kind = "signed", digits = 3, format = (number) => formatNumber(number, digits), mark } = options;
  const count = rows * columns;
  while (element.childElementCount > count) element.lastElementChild.remove();
  while (element.childElementCount < count) element.append(document.createElement("span"));
  element.classList.add("cells");
  element.style.setProperty("--columns", columns);
  const colour = colourScale(kind, limit);
  for (let at = 0; at < count; at++) {
    const cell = element.children[at];
    const i = Math.floor(at / columns);
    const j = at % columns;
    const number = value(i, j);
    cell.dataset.row = i;
    cell.dataset.column = j;
    cell.className = `cell ${mark?.(i, j) ?? ""}${number === null ? " nothing" : ""}`;
    const shade = number === null ? null : colour(number);
    cell.textContent = number === null ? "" : format(number);
    cell.style.backgroundColor = shade ? `rgb(${shade.join(" ")})` : "";
    cell.style.color = shade ? inkOn(shade) : "";
  }
}
