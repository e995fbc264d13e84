// The source with the current line, that line with its numbers filled in, and the local variables.

import { element } from "./dom.js";
import { formatNumber } from "./numbers.js";

const WORDS =
  /(#.*$)|\b(def|for|in|if|else|elif|while|and|or|not|return|continue|break|None|True|False)\b|\b(range|prange|divmod|len|int)\b|\b(\d+(?:\.\d+)?)\b/g;
const CLASSES = ["comment", "keyword", "builtin", "number"];
const [INT, FLOAT, TRUTH] = [0, 1, 2];

/** Fill an ordered list with the source. Returns a function that marks the line of a step, as one that runs or that ended. */
export function showSource(list, source) {
  const rows = new Map();
  for (const [number, text] of source) {
    const row = element("li", { class: "line" });
    row.value = number;
    const code = element("code");
    const indent = text.length - text.trimStart().length;
    code.append(element("span", { class: "indent", text: text.slice(0, indent) }), ...coloured(text.slice(indent)));
    row.append(element("span", { class: "line-number", text: String(number) }), code);
    rows.set(number, row);
    list.append(row);
  }
  let marked = null;
  return (line, ended) => {
    marked?.classList.remove("now", "ended");
    marked?.removeAttribute("aria-current");
    marked = rows.get(line);
    marked?.classList.add("now");
    marked?.classList.toggle("ended", ended);
    marked?.setAttribute("aria-current", "step");
    if (marked) keepInView(list, marked);
  };
}

/** Scroll a box, and not the page, until a row of it can be seen. */
export function keepInView(box, row) {
  const [outer, inner] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top + inner.height;
  else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom + inner.height;
}

function coloured(text) {
  const pieces = [];
  let at = 0;
  for (const match of text.matchAll(WORDS)) {
    if (match.index > at) pieces.push(text.slice(at, match.index));
    pieces.push(
      element("span", { class: CLASSES[match.slice(1).findIndex((group) => group !== undefined)], text: match[0] }),
    );
    at = match.index + match[0].length;
  }
  pieces.push(text.slice(at));
  return pieces;
}

/** A number in few digits; a whole one, also of floats, without decimals: sums of pixels can then be checked by hand. */
export function numberText(value, digits = 3) {
  const isShort = Number.isInteger(value) && Math.abs(value) < 1e6;
  return isShort ? String(value).replace("-", "\u2212") : formatNumber(value, digits);
}

/** A local variable's value as text. */
export function localText(trace, { value, kind }, digits = 4) {
  if (kind === INT) return String(value).replace("-", "\u2212");
  if (kind === FLOAT) return numberText(value, digits);
  if (kind === TRUTH) return value ? "True" : "False";
  return trace.data.texts[value];
}

/** Write what a step did, with its numbers: total = −0.25 + 0.50 × −0.12 = −0.31. */
export function showDeed(box, trace, step) {
  const statement = trace.statement(step);
  const pieces = [];
  if (statement.kind === "for" || statement.kind === "while") {
    if (trace.loopEnds(step)) {
      pieces.push(
        element("span", { class: "muted", text: `no further ${statement.assigned.join(", ")}: the loop is over` }),
      );
    } else pieces.push(...assignedPieces(trace, statement, step));
  } else if (statement.kind === "if") {
    pieces.push(...valuePieces(trace, statement, step), arrow(), strong(trace.holds(step) ? "True" : "False"));
  } else {
    pieces.push(...assignmentPieces(trace, statement, step));
  }
  box.replaceChildren(...pieces);
}

function assignmentPieces(trace, statement, step) {
  const [write] = trace.writesOf(step);
  const isPlain = !statement.parts.some(([kind]) => kind === "read" || kind === "local" || kind === "constant");
  const isCopy = statement.parts.length === 1 && statement.kind === "assign";
  const result = write
    ? [chip(trace, write.array, trace.nameOf(write.array, write.place)), " = "]
    : [...statement.assigned.join(", "), " = "];
  if (!write && statement.assigned.length === 0) return [element("span", { class: "muted", text: "·" })];
  if (!isPlain && !(isCopy && statement.parts[0][0] === "local")) {
    if (statement.kind === "augment") result.push(...beforePieces(trace, statement, step, write));
    result.push(...valuePieces(trace, statement, step), " = ");
  }
  if (write) result.push(strong(numberText(write.value, 5)));
  else result.push(strong(statement.assigned.map((name) => variableText(trace, name, step)).join(", ")));
  return result;
}

function assignedPieces(trace, statement, step) {
  return statement.assigned.flatMap((name) => [`${name} = `, strong(variableText(trace, name, step))]);
}

function variableText(trace, name, step) {
  const found = trace.local(name, step);
  return found ? localText(trace, found, 5) : "…";
}

/** Of total += ...: what total was, and the sign. */
function beforePieces(trace, statement, step, write) {
  const before = write
    ? numberText(trace.valueBefore(write.array, write.place, step), 4)
    : variableText(trace, statement.assigned[0], step - 1);
  return [before, ` ${operatorText(statement.operator)} `];
}

/** The value of a line, as written, with numbers in the places of names. */
function valuePieces(trace, statement, step) {
  const reads = trace.readsOf(step);
  return statement.parts.map(([kind, text, number]) => {
    if (kind === "read") {
      const read = reads[number];
      return read ? chip(trace, read.array, numberText(read.value, 4)) : "…";
    }
    if (kind === "local") {
      const found = trace.local(text, step - 1);
      return found ? localText(trace, found) : text;
    }
    return kind === "constant" ? text : operatorText(text);
  });
}

function operatorText(text) {
  return text
    .replaceAll(/\b(math|np)\./g, "")
    .replaceAll("**", "^")
    .replaceAll("*", "×")
    .replaceAll("-", "\u2212")
    .replaceAll("<=", "≤")
    .replaceAll(">=", "≥")
    .replaceAll("!=", "≠");
}

function chip(trace, array, text) {
  return element("span", { class: `chip tag-${tagOf(trace, array)}`, text });
}

/** The colour of an array, by number: the output's is always 0. */
export function tagOf(trace, array) {
  if (array === trace.data.output) return 0;
  const others = trace.data.arrays.map((_, number) => number).filter((number) => number !== trace.data.output);
  return 1 + (others.indexOf(array) % 4);
}

const arrow = () => element("span", { class: "muted", text: "  →  " });
const strong = (text) => element("b", { text });

/** Show the local variables, those that a step changed marked. The shapes that Python unpacked first stand last, pale. */
export function showVariables(box, trace, step) {
  const changed = new Set(trace.statement(step).assigned);
  const loops = new Set(trace.loops.map((loop) => loop.variable));
  const totals = new Set(Object.values(trace.data.statements).map((statement) => statement.accumulates));
  const rank = (name) => (loops.has(name) ? 0 : totals.has(name) ? 1 : 2);
  const inLoops = (name) =>
    Object.values(trace.data.statements).some((s) => s.assigned.includes(name) && (s.depth > 0 || s.kind === "for"));
  const chips = trace.data.variables
    .filter((name) => name !== "_")
    .map((name) => ({ name, found: trace.local(name, step) }))
    .filter(({ found }) => found)
    .sort((a, b) => rank(a.name) - rank(b.name) || inLoops(b.name) - inLoops(a.name))
    .map(({ name, found }) => {
      const one = element("span", { class: "variable" });
      one.dataset.name = name;
      one.classList.toggle("changed", changed.has(name));
      one.classList.toggle("pale", !inLoops(name));
      one.append(element("i", { text: name }), localText(trace, found));
      return one;
    });
  const constants = Object.entries(trace.data.constants).map(([name, text]) => {
    const one = element("span", { class: "variable pale" });
    one.append(element("i", { text: name }), text);
    return one;
  });
  box.replaceChildren(...chips, ...constants);
}
