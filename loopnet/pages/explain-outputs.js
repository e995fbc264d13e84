// What the network says: a bar for each class.

import { byId, element } from "./dom.js";
import { formatNumber, indexOfLargest } from "./numbers.js";

const MOST = 12; // classes; of more, the likeliest are listed

export class Outputs {
  /** choose(index) opens an output's number. */
  constructor(network, classes, choose) {
    this.probabilities = network.layers.at(-1).kind === "softmax";
    this.classes = classes;
    this.rows = classes.slice(0, MOST).map(() => {
      const row = {
        name: element("span", { class: "class" }),
        bar: element("i", { class: "bar" }),
        number: element("span", { class: "number code" }),
      };
      row.button = element("button", { type: "button", class: "output", click: () => choose(row.index) });
      row.button.append(row.name, element("span", { class: "track" }, row.bar), row.number);
      byId("outputs").append(row.button);
      return row;
    });
  }

  /** empty: there is no drawing yet; label: what the test image is said to be. */
  paint(values, { empty = false, label } = {}) {
    const order = Array.from(values, (_, k) => k);
    if (values.length > MOST) order.sort((a, b) => values[b] - values[a]);
    const best = indexOfLargest(values);
    const most = this.probabilities ? 1 : Math.max(...Array.from(values, Math.abs), 1);
    this.rows.forEach((row, at) => {
      const k = order[at];
      row.index = k;
      row.name.textContent = this.classes[k];
      row.bar.style.width = `${(100 * Math.abs(values[k])) / most}%`;
      row.bar.classList.toggle("negative", values[k] < 0);
      row.number.textContent = this.#asText(values[k]);
      row.button.classList.toggle("best", k === best && !empty);
      row.button.setAttribute("aria-label", `${this.classes[k]}: ${this.#asText(values[k])}`);
    });
    const verdict = byId("verdict");
    verdict.replaceChildren();
    if (empty) verdict.append(element("span", { class: "muted", text: "What the network makes of an empty image:" }));
    else {
      verdict.append(element("b", { text: this.classes[best] }));
      verdict.append(element("span", { class: "muted", text: this.#asText(values[best]) }));
      if (label !== undefined) verdict.append(element("span", { class: "label muted", text: `labelled ${label}` }));
    }
  }

  #asText(value) {
    if (!this.probabilities) return formatNumber(value);
    return value > 0.9995 ? "100 %" : `${(100 * value).toFixed(1)} %`;
  }
}
