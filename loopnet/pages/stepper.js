// The stepper's page: a trace, its pictures, its panel, and the keys and buttons to move about in it.

import { layFrame, paintMap } from "./cells.js";
import { readData } from "./data.js";
import { byId, element } from "./dom.js";
import { largestOf } from "./numbers.js";
import { ArrayPicture } from "./stepper-arrays.js";
import { showDeed, showSource, showVariables } from "./stepper-code.js";
import { SumPanel } from "./stepper-sum.js";
import { openTrace } from "./stepper-trace.js";
import { installTheme } from "./theme.js";

const data = readData();
openTrace(data).then(start);

/** Everything that needs the trace, which takes a moment to unpack. */
function start(trace) {
  const last = trace.length - 1;

  let now = 0;
  let chosen = null; // work on another array that the reader asked about, until the next move
  let playing = 0;

  const pictures = data.arrays.map((_, number) => new ArrayPicture(trace, number, choose));
  const markLine = showSource(byId("source"), data.source);
  const panel = new SumPanel(
    trace,
    pictures,
    {
      name: byId("cell-name"),
      value: byId("cell-value"),
      words: byId("cell-words"),
      progress: byId("cell-progress"),
      lens: byId("lens"),
      chart: byId("chart"),
      zero: byId("chart-zero"),
      rest: byId("chart-rest"),
      done: byId("chart-done"),
      dot: byId("chart-dot"),
      tools: byId("term-tools"),
      inOrder: byId("in-order"),
      largest: byId("largest"),
      terms: byId("terms"),
    },
    (step) => moveTo(step),
  );

  // ---- showing a step

  let known = { cell: null, terms: [], footprints: [] };

  /** The terms of a cell and, for each array, the places that they read. */
  function workOf(cell) {
    if (known.cell?.start !== cell.start || known.cell?.end !== cell.end) {
      const terms = trace.terms(cell);
      const footprints = data.arrays.map(() => []);
      for (const { reads } of terms) for (const { array, place } of reads) footprints[array].push(place);
      known = { cell, terms, footprints };
    }
    return known;
  }

  function show() {
    const cell = chosen?.cell ?? trace.cellAt(now);
    const { terms, footprints } = cell ? workOf(cell) : { terms: [], footprints: data.arrays.map(() => []) };
    markLine(trace.lines[now], trace.loopEnds(now));
    showDeed(byId("deed"), trace, now);
    showVariables(byId("variables"), trace, now);
    pictures.forEach((picture, number) => {
      picture.show(now, cell, footprints[number]);
    });
    if (cell) {
      panel.show(now, cell, terms, chosen?.array ?? data.output);
      showOrigin(cell);
    }
    byId("scrub").value = now;
    byId("where").textContent = `step ${(now + 1).toLocaleString("en")} of ${trace.length.toLocaleString("en")}`;
  }

  /** Which pixels of the network's own input can reach the cell. */
  function showOrigin(cell) {
    const { picture } = data;
    byId("picture-card").hidden = !picture || Boolean(chosen);
    if (byId("picture-card").hidden) return;
    const [n, i, j] = trace.indexOf(data.output, cell.place);
    const [, height, width, channels] = picture.image.shape;
    const first = n * height * width * channels;
    const grey = (row, column) => picture.image[first + (row * width + column) * channels];
    paintMap(byId("picture"), height, width, grey, largestOf(picture.image), "grey");
    const [[top, bottom], [left, right]] = [picture.rows[i], picture.columns[j]];
    layFrame(byId("picture-frame"), height, width, top, left, bottom - top, right - left);
    byId("picture-words").textContent =
      `${trace.nameOf(data.output, cell.place)} sees rows ${top} to ${bottom - 1} and columns ${left} to ${right - 1} of the image.`;
  }

  function moveTo(step, cell = null) {
    chosen = cell;
    now = Math.min(Math.max(step, 0), last);
    show();
  }

  /** A click on a picture: a number that the loop wrote, to see it made; one that it read, to see it used next. */
  function choose(array, place) {
    pause();
    const written = trace.workOn(array, place);
    if (written) {
      moveTo(written.start, array === data.output ? null : { array, cell: written });
      return;
    }
    if (data.arrays[array].written) {
      say(`${trace.nameOf(array, place)} was computed by the compiled loop; recorded here: ${data.window}.`);
      return;
    }
    const { step, place: places } = pictures[array].touches;
    const isHere = (at) => places[at] === place;
    let at = step.findIndex((one, e) => one > now && isHere(e));
    if (at < 0) at = step.findIndex((_, e) => isHere(e));
    if (at < 0) say(`No step that was recorded reads ${trace.nameOf(array, place)}.`);
    else moveTo(step[at]);
  }

  function say(text) {
    byId("hint").textContent = text;
  }

  // ---- moving about

  const moves = {
    back: () => moveTo(now - 1),
    forward: () => moveTo(now + 1),
    over: () => moveTo(trace.over(now)),
    out: () => moveTo(trace.out(now)),
    "next-cell": () => moveTo(trace.cells.find(({ start }) => start > now)?.start ?? last),
    "previous-cell": () => moveTo(trace.cells.findLast(({ start }) => start < now)?.start ?? 0),
    first: () => moveTo(0),
    last: () => moveTo(last),
  };

  for (const name of ["back", "forward", "over", "out", "next-cell", "previous-cell"]) {
    byId(name).addEventListener("click", () => {
      pause();
      moves[name]();
    });
  }

  const KEYS = {
    ArrowRight: "forward",
    ArrowLeft: "back",
    ArrowDown: "over",
    ArrowUp: "out",
    "Shift ArrowRight": "next-cell",
    "Shift ArrowLeft": "previous-cell",
    Home: "first",
    End: "last",
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open || event.target.id === "jump-to") return;
    if (event.target.id === "speed" && event.key.startsWith("Arrow")) return;
    const move = KEYS[(event.shiftKey ? "Shift " : "") + event.key];
    if (move) {
      pause();
      moves[move]();
    } else if (event.key === " ") {
      if (event.target.tagName === "BUTTON" && event.target.id !== "play") return; // the button's own key
      playOrPause();
    } else if (event.key === "l") panel.sort(!panel.largestFirst);
    else if (event.key === "?") byId("help").showModal();
    else return;
    event.preventDefault();
  });

  byId("scrub").max = last;
  byId("scrub").addEventListener("input", (event) => {
    pause();
    moveTo(Number(event.target.value));
  });

  byId("jump").addEventListener("submit", (event) => {
    event.preventDefault();
    goToCell(byId("jump-to").value);
  });

  /** "3, 4, 2", with or without the image before it, as the reader typed it. */
  function goToCell(text) {
    const given = text
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number);
    const { whole, name } = data.arrays[data.output];
    const index = [...whole.slice(0, Math.max(whole.length - given.length, 0)).map(() => 0), ...given];
    const isInside =
      given.length > 0 &&
      index.length === whole.length &&
      index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < whole[axis]);
    if (!isInside) {
      say(`${name} has shape (${whole.join(", ")}); there is no cell ${text.trim() || "without numbers"}.`);
      return;
    }
    const place = trace.placeOf(data.output, index);
    if (place < 0) say(`${name}[${index.join(", ")}] is not in this page; recorded here: ${data.window}.`);
    else choose(data.output, place);
  }

  // ---- playing

  /** Steps a second: 1 at the left end of the slider, 4,000 at the right. */
  const stepsPerSecond = () => 4000 ** (byId("speed").value / 100);

  function playOrPause() {
    if (playing) pause();
    else play();
  }

  function play() {
    if (now === last) moveTo(0);
    byId("play").textContent = "❚❚";
    byId("play").setAttribute("aria-label", "Pause");
    let before = performance.now();
    let owed = 1;
    const tick = (time) => {
      owed += ((time - before) / 1000) * stepsPerSecond();
      before = time;
      const whole = Math.min(Math.floor(owed), 400);
      if (whole > 0) {
        owed = Math.min(owed - whole, 1);
        moveTo(now + whole);
      }
      if (now === last) pause();
      else playing = requestAnimationFrame(tick);
    };
    playing = requestAnimationFrame(tick);
  }

  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    byId("play").textContent = "▶";
    byId("play").setAttribute("aria-label", "Play");
  }

  byId("play").addEventListener("click", playOrPause);
  byId("help-button").addEventListener("click", () => byId("help").showModal());

  // ---- the page itself

  byId("title").textContent = data.title;
  byId("notes").textContent = data.notes.join(" · ");
  byId("file").textContent = data.file;
  const output = data.arrays[data.output].name;
  const check = data.compiled
    ? data.sameBits
      ? ` Everything stepped equals ${data.compiled}, bit for bit.`
      : ` Python and ${data.compiled} differ in the last bits here.`
    : "";
  say(
    `${data.whole ? "Every step of the loop is here" : `Stepped: ${data.window}; the pale rest of ${output} is compiled`}.${check}`,
  );
  byId("jump-to").placeholder = data.arrays[data.output].whole.map(() => "0").join(",");
  layOutArrays();

  /** What is read stands first, what is written last; small arrays side by side share a column. */
  function layOutArrays() {
    const isWritten = ({ array }) => array.written;
    const inOrder = [...pictures.filter((picture) => !isWritten(picture)), ...pictures.filter(isWritten)];
    let column = null;
    inOrder.forEach((picture, at) => {
      const joins =
        at > 0 && picture.isSmall && inOrder[at - 1].isSmall && isWritten(picture) === isWritten(inOrder[at - 1]);
      if (!joins) {
        column = element("div", { class: `column${picture.isSmall ? " small" : ""}` });
        byId("arrays").append(column);
      }
      column.append(picture.root);
    });
  }

  // On a narrow screen the line and its numbers stay in sight, above the buttons.
  const narrow = matchMedia("(max-width: 60rem)");
  function placeDeed() {
    if (narrow.matches) document.querySelector(".transport").prepend(byId("deed"));
    else byId("source").after(byId("deed"));
  }
  narrow.addEventListener("change", placeDeed);
  placeDeed();

  installTheme(byId("theme"));
  document.addEventListener("themechange", () => {
    for (const picture of pictures) picture.paint(now, true);
    show();
  });
  const asked = trace.placeOf(data.output, data.cell);
  moveTo((asked >= 0 && trace.workOn(data.output, asked)?.start) || 0);
  window.stepper = { trace, data, moveTo, choose, goToCell, now: () => now, panel };
}
