// The button that turns day into night. A page paints itself again when told "themechange".

import { isNight } from "./numbers.js";

/** Make `button` switch between light and dark, from whatever the reader's system asks for. */
export function installTheme(button) {
  const show = () => {
    button.textContent = isNight() ? "☀" : "☾";
    button.setAttribute("aria-label", isNight() ? "Light colours" : "Dark colours");
    document.dispatchEvent(new Event("themechange"));
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isNight() ? "light" : "dark";
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}
