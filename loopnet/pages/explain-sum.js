// One number taken apart: the window, the weights, the products, and the total as the loop adds them up.

import { byId, element } from "./dom.js";
import { lineChart } from "./explain-chart.js";
import { ACTIVATION_NAMES } from "./explain-maps.js";
import { nameOfCell } from "./explain-network.js";
import { channelChips, largestProducts, linkBelow, loopLine, paragraph, softmaxTable } from "./explain-parts.js";
import { Walk } from "./explain-walk.js";
import { byChannel, windowOf, windowView } from "./explain-window.js";
import { formatNumber } from "./numbers.js";

const WALKED = ["convolution", "dense", "max_pool", "average_pool"];

export class Sum {
  /**
   * choose(layer, index) opens another number; closed() is called when the reader closes this one. white: the largest
   * pixel, if the smallest is 0 and pixels are grey.
   */
  constructor(network, { classes, white }, choose, closed) {
    Object.assign(this, { network, classes, white, choose });
    this.at = null;
    this.walk = new Walk(() => this.#render());
    this.head = element("header");
    this.above = element("div", { class: "part" });
    this.below = element("div", { class: "part" });
    this.host = byId("sum");
    this.host.append(this.head, this.above, this.walk.bar, this.below); // the bar stays, so that its slider can be dragged
    this.close = () => {
      this.walk.pause();
      closed();
    };
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Open a number. back(), if given, returns to the one before. */
  open(n, index, back) {
    this.at = { n, index, back, channel: null };
    const walked = WALKED.includes(this.network.layers[n].kind);
    this.walk.begin(walked ? this.network.explain(n, index).terms.length : 0);
    this.#render();
    this.host.scrollTop = 0;
  }

  /** Work it out again: the image has changed, or the colours. */
  update() {
    if (this.at) this.#render();
  }

  #render() {
    const { n, index } = this.at;
    const focused = this.host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const [above, below] = this.#body(this.network.layers[n], n, index);
    this.#showHead(n, index);
    this.above.replaceChildren(...above);
    this.below.replaceChildren(...below);
    if (focused) this.host.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  #showHead(n, index) {
    const { back } = this.at;
    const layer = this.network.layers[n];
    const backwards = {
      type: "button",
      text: "←",
      title: "Back (Backspace)",
      "aria-label": "Back",
      "data-key": "back",
    };
    const closing = { type: "button", class: "close", text: "×", title: "Close (Escape)", "aria-label": "Close" };
    this.head.replaceChildren(
      element("button", { ...backwards, disabled: !back && "disabled", click: () => back?.() }),
      element(
        "div",
        {},
        paragraph(`${layer.name} · ${layer.title}`, "muted"),
        element("h2", { text: this.#nameOf(n, index) }),
      ),
      element("output", { class: "value code", text: formatNumber(this.network.values[n][index], 4) }),
      element("button", { ...closing, click: this.close }),
    );
  }

  #nameOf(n, index) {
    const { layers } = this.network;
    const isScore = n === layers.length - 1 || (n === layers.length - 2 && layers[n + 1].kind === "softmax");
    return isScore ? `class ${this.classes[index]}` : nameOfCell(layers[n], index);
  }

  /** What stands above the bar, and what below it. */
  #body(layer, n, index) {
    const below = (from) => linkBelow(this.network, n, from, this.choose);
    if (layer.kind === "image") return [[paragraph("A pixel, as the network gets it. Here all sums begin.")], []];
    if (layer.kind === "softmax") {
      const words = "Each score becomes a power of e; its share in their sum is the probability.";
      return [[paragraph(words, "muted"), softmaxTable(this.network, this.classes, n, index, this.choose)], []];
    }
    const sum = this.network.explain(n, index);
    if (WALKED.includes(layer.kind)) return this.#walked(layer, n, index, sum);
    if (sum.terms.length === 0) return [[paragraph("Padding: there is nothing here but a zero.")], []];
    const after = layer.activation ? `${ACTIVATION_NAMES[layer.activation.name]}(${formatNumber(sum.sum)}) = ` : "";
    const parts = [below(sum.terms[0].from)];
    if (layer.kind === "batch_norm") {
      const c = index % layer.slope.length;
      const [x, slope, mean, beta] = [sum.terms[0].x, layer.slope[c], layer.mean[c], layer.beta[c]].map((v) =>
        formatNumber(v),
      );
      parts.push(paragraph(`${slope} × (${x} − ${mean}) + ${beta} = ${formatNumber(sum.sum)}`, "line code"));
      parts.push(
        paragraph(
          "slope × (number below − mean) + beta. slope is gamma / √(variance + epsilon); mean and variance are those of the training images.",
          "muted",
        ),
      );
    } else parts.push(paragraph(`${after}${formatNumber(sum.value)}`, "line code"));
    return [parts, []];
  }

  #walked(layer, n, index, sum) {
    const { step, count } = this.walk;
    const above = [];
    const window = windowOf(this.network, n, sum);
    const [origin] = this.network.origin(n - 1, 0);
    const below = this.network.layers[origin];
    if (window) {
      const { subtotals, loudest } = byChannel(window, sum);
      const walking = step > 0 && step < count;
      const channel = walking ? window.at(sum.terms[step - 1])[2] : (this.at.channel ?? loudest);
      const pick = (c) => {
        this.at.channel = c;
        this.walk.to(count);
      };
      if (sum.bias !== undefined && window.channels.length > 1)
        above.push(channelChips(below, window, subtotals, channel, pick));
      const opens = (from) => this.choose(...this.network.origin(n - 1, from));
      above.push(
        windowView(layer, sum, window, { channel, below, step, grey: origin === 0 ? this.white : null, opens }),
      );
    } else {
      const after = layer.activation
        ? `, after ${ACTIVATION_NAMES[layer.activation.name]} ${formatNumber(sum.value)}`
        : "";
      above.push(paragraph(`bias ${formatNumber(sum.bias)} and ${count} products: ${formatNumber(sum.sum)}${after}`));
    }
    const start = sum.bias ?? (layer.kind === "max_pool" ? sum.terms[0].x : 0);
    const chart = lineChart([start, ...sum.terms.map(({ total }) => total)], step);
    chart.setAttribute("aria-label", "The total after each step");
    const after = [loopLine(layer, index, sum, step), chart];
    if (layer.kind === "dense") after.push(largestProducts(this.network, n, sum, this.choose));
    return [above, after];
  }

  #key(event) {
    if (!this.at || event.target === this.walk.slider || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // elsewhere these scroll the page, and on a button the space bar presses it
    const usual = [" ", "Home", "End"].includes(event.key);
    if (usual && (event.target.tagName === "BUTTON" || !this.host.contains(event.target))) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "Backspace") this.at.back?.();
    else if (!this.walk.key(event.key)) return;
    event.preventDefault();
  }
}
