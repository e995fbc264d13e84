// A small chart of the total as it grows.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, MARGIN] = [360, 84, 6];

function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Totals as a line, the part up to `step` drawn strongly and its end marked. Zero is a line across. */
export function lineChart(totals, step) {
  const finite = totals.filter(Number.isFinite);
  const [lowest, highest] = [Math.min(0, ...bounds(finite)), Math.max(0, ...bounds(finite))];
  const x = (n) => MARGIN + (n / Math.max(totals.length - 1, 1)) * (WIDTH - 2 * MARGIN);
  const y = (value) => HEIGHT - MARGIN - ((value - lowest) / (highest - lowest || 1)) * (HEIGHT - 2 * MARGIN);
  const points = (some) => some.map((value, n) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart", role: "img" });
  chart.append(svg("line", { x1: 0, x2: WIDTH, y1: y(0), y2: y(0), class: "axis" }));
  if (finite.length < totals.length) return chart; // infinity has no place on paper
  chart.append(svg("polyline", { points: points(totals), class: "ahead" }));
  chart.append(svg("polyline", { points: points(totals.slice(0, step + 1)), class: "done" }));
  chart.append(svg("circle", { cx: x(step), cy: y(totals[step]), r: 4, class: "now" }));
  return chart;
}

/** Smallest and largest, of however many. */
function bounds(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 0]);
}
