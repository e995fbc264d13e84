// Parts of one number's story that are text and tables.

import { element } from "./dom.js";
import { place } from "./explain-kinds.js";
import { nameOfCell, nameOfMap } from "./explain-network.js";
import { formatNumber } from "./numbers.js";

const LARGEST_SHOWN = 6; // products in the table

/** A step of the loop: as the kernel has it, and with its numbers. */
export function loopLine(layer, index, sum, step) {
  const [code, numbers] = inCode(layer, index, sum, step);
  const parts = [element("span", { class: "muted", text: code }), element("br"), element("span", { text: numbers })];
  return element("p", { class: "line code" }, ...parts);
}

function inCode(layer, index, sum, step) {
  const filter = place(layer.output, index).at(-1); // or unit
  const [maximum, mean] = [layer.kind === "max_pool", layer.kind === "average_pool"];
  if (step === 0) {
    if (maximum) return ["best: none yet", "\u00a0"];
    return mean ? ["total = 0", "\u00a0"] : [`total = b[${filter}]`, `total = ${formatNumber(sum.bias)}`];
  }
  const term = sum.terms[step - 1];
  const before = step === 1 ? (sum.bias ?? 0) : sum.terms[step - 2].total;
  const [was, is, number] = [before, term.total, term.x].map((value) => formatNumber(value));
  const x = `x[n, ${place(layer.input, term.from).join(", ")}]`;
  if (maximum) {
    const wins = step === 1 || !(term.x <= before);
    return [
      `value = ${x}; if value > best: best = value`,
      wins ? `${number}: the largest so far` : `${number}: not above ${was}`,
    ];
  }
  if (mean) {
    const divided = step === sum.terms.length ? `; ${is} / ${step} = ${formatNumber(sum.sum)}` : "";
    return [`total += ${x}`, `${was} + ${number} = ${is}${divided}`];
  }
  const at = layer.kind === "dense" ? [term.from, filter] : place(layer.w.shape, term.weight);
  return [`total += ${x} * w[${at.join(", ")}]`, `${was} + ${number} × ${formatNumber(term.w)} = ${is}`];
}

/** One chip a channel, with what it adds to the sum. */
export function channelChips(below, { channels }, subtotals, chosen, pick) {
  const chips = channels.map((c) => {
    const adds = formatNumber(subtotals.get(c), 2);
    const about = {
      "data-key": `map${c}`,
      "aria-pressed": String(c === chosen),
      title: `${nameOfMap(below, c)} adds ${adds}`,
    };
    return element(
      "button",
      { type: "button", class: "chip", ...about, click: () => pick(c) },
      element("span", { class: "muted", text: nameOfMap(below, c) }),
      element("b", { class: "code", text: adds }),
    );
  });
  const strip = element("div", { class: "chips", role: "group", "aria-label": "What each map adds" }, ...chips);
  const chip = chips[channels.indexOf(chosen)];
  requestAnimationFrame(() => {
    strip.scrollLeft = chip.offsetLeft - strip.offsetLeft - strip.clientWidth / 2 + chip.clientWidth / 2;
  });
  return strip;
}

/** The largest products of a sum, each leading to where its number came from. */
export function largestProducts(network, n, sum, choose) {
  const sorted = [...sum.terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
  const most = Math.abs(sorted[0].product) || 1;
  const rows = sorted.slice(0, LARGEST_SHOWN).map((term) => {
    const [below, index] = network.origin(n - 1, term.from);
    const bar = element("i", { class: term.product < 0 ? "bar negative" : "bar" });
    bar.style.width = `${(100 * Math.abs(term.product)) / most}%`;
    return element(
      "button",
      { type: "button", class: "term", "data-key": `term${term.from}`, click: () => choose(below, index) },
      element("span", { text: `${network.layers[below].name}, ${nameOfCell(network.layers[below], index)}` }),
      element("span", { class: "code muted", text: `${formatNumber(term.x)} × ${formatNumber(term.w)}` }),
      element("b", { class: "code", text: formatNumber(term.product) }),
      bar,
    );
  });
  const rest = sorted.slice(LARGEST_SHOWN);
  const others = `the other ${rest.length} add ${formatNumber(rest.reduce((total, { product }) => total + product, 0))}`;
  const foot = rest.length > 0 ? element("p", { class: "muted others", text: others }) : null;
  return element("div", { class: "terms" }, element("h3", { text: "What counts most" }), ...rows, foot);
}

/** How all scores become probabilities; a class's name leads to its score. */
export function softmaxTable(network, classes, n, index, choose) {
  const scores = network.values[n - 1];
  const largest = Math.max(...scores);
  const rows = Array.from(scores, (score, k) => {
    const numbers = [score, Math.exp(score - largest), network.values[n][k]].map((number) => formatNumber(number));
    const about = {
      type: "button",
      class: "plain",
      text: classes[k] ?? k,
      title: "Open its score",
      "data-key": `score${k}`,
    };
    const name = element("th", { scope: "row" }, element("button", { ...about, click: () => choose(n - 1, k) }));
    const cells = numbers.map((text) => element("td", { class: "code", text }));
    return element("tr", { class: k === index ? "chosen" : "" }, name, ...cells);
  });
  const heads = ["class", "score z", "exp(z − max)", "share"].map((text) => element("th", { scope: "col", text }));
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

/** A button that leads to the number a layer below has there. */
export function linkBelow(network, n, from, choose) {
  const [below, index] = network.origin(n - 1, from);
  const where = `${network.layers[below].name}, ${nameOfCell(network.layers[below], index)}`;
  const text = `${where}: ${formatNumber(network.values[below][index])} →`;
  return element("button", { type: "button", text, "data-key": "below", click: () => choose(below, index) });
}

export function paragraph(text, style = "") {
  return element("p", { class: style, text });
}
