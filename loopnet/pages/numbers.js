// Numbers as text and as colours. Zero is the colour of paper, below it orange, above it purple: ColorBrewer's PuOr,
// the map that loopnet.plot uses, told apart with every kind of colour blindness. At night zero is dark.

const MINUS = "\u2212";

const SIGNED_BY_DAY = colours("7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b");
const SIGNED_BY_NIGHT = colours("ffd696 f6a84e d07826 945018 54321a 26232e 3e3560 605096 8874c6 b2a0e8 ded4fc");
const GREY = colours("000000 ffffff");
const SHADES = 257; // odd, so that one of them is exactly zero

function colours(hexadecimal) {
  return hexadecimal.split(" ").map((colour) => [0, 2, 4].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)));
}

/** A number in few characters: so many significant digits, at most one decimal more, a real minus sign, never "-0". */
export function formatNumber(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  const order = Math.floor(Math.log10(size.toPrecision(digits))); // of the number as it will be rounded: 9.996 is 10.0
  const decimals = Math.min(Math.max(digits - 1 - order, 0), digits + 1);
  const text = order < -3 || order > 4 ? size.toExponential(digits - 2) : size.toFixed(decimals);
  return value < 0 ? MINUS + text : text;
}

/** A number in five characters, where there is room for no more: two decimals, fewer if it is large. */
export function formatShort(value) {
  const size = Math.abs(value);
  if (!(size < 9999.5)) return formatNumber(value, 2);
  const text = size.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** The largest absolute value, as the end of a colour scale; 1 if there is none. NaN and infinity are passed over. */
export function largestOf(values) {
  let largest = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest || 1;
}

/** Where the largest value is; NaN never wins, and of nothing but NaN it is the first. */
export function indexOfLargest(values) {
  let best = 0;
  for (let at = 1; at < values.length; at++) {
    if (values[at] > values[best] || Number.isNaN(values[best])) best = at;
  }
  return best;
}

/** Whether the page is dark now: by its button, or else as the reader's system is. */
export function isNight() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/**
 * A function from a number to its colour [red, green, blue].
 * kind "signed": -limit to limit, 0 in the middle; "grey": 0 (black) to limit (white). Beyond the ends, the ends. NaN is
 * the magenta that nothing else is.
 */
export function colourScale(kind, limit) {
  const stops = kind === "grey" ? GREY : isNight() ? SIGNED_BY_NIGHT : SIGNED_BY_DAY;
  const shades = shadesOf(stops);
  const lowest = kind === "grey" ? 0 : -limit;
  const perUnit = (SHADES - 1) / (limit - lowest);
  return (value) => {
    if (Number.isNaN(value)) return [255, 0, 255];
    return shades[Math.round(Math.min(Math.max((value - lowest) * perUnit, 0), SHADES - 1))];
  };
}

const knownShades = new Map();

function shadesOf(stops) {
  if (!knownShades.has(stops)) {
    const between = (at) => {
      const before = Math.min(Math.floor(at), stops.length - 2);
      return stops[before].map((part, i) => Math.round(part + (at - before) * (stops[before + 1][i] - part)));
    };
    const step = (stops.length - 1) / (SHADES - 1);
    const shades = Array.from({ length: SHADES }, (_, i) => between(i * step));
    knownShades.set(stops, shades);
  }
  return knownShades.get(stops);
}

/** Black or white: whichever can be read on a colour. */
export function inkOn([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#17141f" : "#ffffff";
}
