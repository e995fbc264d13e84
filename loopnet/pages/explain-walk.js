// The bar that walks through a loop: to the start, one step back, play, one step on, and a slider.

import { element } from "./dom.js";

const PAUSE = 240; // milliseconds between two steps that are played; long loops take longer strides
const STRIDES = 40;

export class Walk {
  /** stepped() is called whenever `step` has changed or play has begun or ended. */
  constructor(stepped) {
    this.stepped = stepped;
    this.step = this.count = 0;
    this.timer = null;
    const button = (text, title, click) =>
      element("button", { type: "button", text, title, "aria-label": title, click });
    this.play = button("▶", "Play (space)", () => this.toggle());
    this.slider = element("input", { type: "range", min: 0, "aria-label": "Step of the loop" });
    this.slider.addEventListener("input", () => this.to(Number(this.slider.value)));
    this.place = element("span", { class: "muted code count" });
    this.bar = element(
      "div",
      { class: "walk" },
      button("⇤", "To the start (Home)", () => this.to(0)),
      button("←", "One step back (,)", () => this.to(this.step - 1)),
      this.play,
      button("→", "One step on (.)", () => this.to(this.step + 1)),
      this.slider,
      this.place,
    );
  }

  /** Another loop of so many steps, seen from its end; with 0 there is nothing to walk through. */
  begin(count) {
    clearInterval(this.timer);
    this.timer = null;
    Object.assign(this, { count, step: count });
    this.slider.max = count;
    this.bar.hidden = count === 0;
    this.#show();
  }

  to(step) {
    this.pause();
    this.#go(step);
  }

  /** Play, from the start if the end was reached; or pause. */
  toggle() {
    if (this.timer !== null) return this.pause();
    if (this.step === this.count) this.step = 0;
    const stride = Math.max(1, Math.round(this.count / STRIDES));
    this.timer = setInterval(() => {
      this.#go(this.step + stride);
      if (this.step === this.count) this.pause();
    }, PAUSE);
    this.#go(this.step);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.#show();
  }

  /** Whether the key was one of the bar's. */
  key(key) {
    const act = {
      ",": () => this.to(this.step - 1),
      ".": () => this.to(this.step + 1),
      Home: () => this.to(0),
      End: () => this.to(this.count),
      " ": () => this.toggle(),
    }[key];
    if (this.count > 0) act?.();
    return act !== undefined;
  }

  #go(step) {
    this.step = Math.min(Math.max(step, 0), this.count);
    this.#show();
    this.stepped();
  }

  #show() {
    this.slider.value = this.step;
    this.place.textContent = `${this.step}/${this.count}`;
    this.play.textContent = this.timer === null ? "▶" : "❚❚";
    this.play.title = this.timer === null ? "Play (space)" : "Pause (space)";
    this.play.setAttribute("aria-label", this.play.title);
  }
}
