// What the page was given: JSON in which arrays are kept as base64, see page.py.

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
};

/** The page's data. An array becomes a typed array, row after row, with a property `shape`. */
export function readData() {
  return JSON.parse(document.getElementById("data").textContent, (_, value) =>
    value?.base64 === undefined ? value : unpackArray(value),
  );
}

function unpackArray({ array, shape, base64 }) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return Object.assign(new ARRAYS[array](bytes.buffer), { shape });
}
