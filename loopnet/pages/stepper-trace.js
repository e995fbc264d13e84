// The trace in the browser: what every step read, wrote and assigned, and how to move about in it. The same questions that
// loopnet/stepper/trace.py answers. A step is one line that ran; "at a step" is after it, unless it says before.

/** Unpack the columns of the page's data, then answer questions about them. */
export async function openTrace(data) {
  const column = (packed) => unpackColumn(packed);
  const [lines, readStep, readArray, readPlace] = await Promise.all(
    [data.lines, data.reads.step, data.reads.array, data.reads.place].map(column),
  );
  const [writeStep, writeArray, writePlace, writeValue] = await Promise.all(
    [data.writes.step, data.writes.array, data.writes.place, data.writes.value].map(column),
  );
  const [localStep, localVariable, localKind, localValue] = await Promise.all(
    [data.assigned.step, data.assigned.variable, data.assigned.kind, data.assigned.value].map(column),
  );
  return new Trace(data, {
    lines,
    reads: { step: readStep, array: readArray, place: readPlace },
    writes: { step: writeStep, array: writeArray, place: writePlace, value: writeValue },
    locals: { step: localStep, variable: localVariable, kind: localKind, value: localValue },
  });
}

async function unpackColumn({ kind, count, packed }) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = await new Response(stream).arrayBuffer();
  if (kind === "float64") return new Float64Array(bytes, 0, count);
  if (kind === "float32") return new Float32Array(bytes, 0, count);
  const numbers = new Int32Array(bytes, 0, count); // differences
  for (let i = 1; i < count; i++) numbers[i] += numbers[i - 1];
  return numbers;
}

/** The first place in ascending numbers[from..to) that is not below `value`. */
export function lowerBound(numbers, value, from = 0, to = numbers.length) {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Trace {
  constructor(data, columns) {
    this.data = data;
    this.lines = columns.lines;
    this.reads = columns.reads;
    this.writes = columns.writes;
    this.locals = columns.locals;
    this.length = this.lines.length;
    this.loops = data.loops.map(([variable, line, end, depth]) => ({ variable, line, end, depth }));
    this.loopAt = new Map(this.loops.map((loop) => [loop.line, loop]));
    this.histories = data.arrays.map((array, number) => this.historyOf(array, number));
    this.assignments = data.variables.map((_, number) => indicesOf(this.locals.variable, number));
    this.findCells();
  }

  /** The writes to an array, sorted by place and within it by step: events[first[p] .. first[p + 1]). */
  historyOf(array, number) {
    const size = array.after.length;
    const first = new Int32Array(size + 1);
    const { array: of, place } = this.writes;
    for (let e = 0; e < of.length; e++) if (of[e] === number) first[place[e] + 1]++;
    for (let p = 0; p < size; p++) first[p + 1] += first[p];
    const events = new Int32Array(first[size]);
    const next = first.slice();
    for (let e = 0; e < of.length; e++) if (of[e] === number) events[next[place[e]]++] = e;
    return { first, events };
  }

  /** The work on each cell of the output: the turn of the innermost loop that ends in writing it. */
  findCells() {
    const { step, array, place } = this.writes;
    this.cells = [];
    for (let e = 0; e < step.length; e++) {
      if (array[e] === this.data.output) this.cells.push({ place: place[e], ...this.spanOf(step[e]) });
    }
    if (this.cells.length === 0) {
      // the work on the one cell was too long, and was cut off
      this.cells.push({ place: this.placeOf(this.data.output, this.data.cell), start: 0, end: this.length - 1 });
    }
    this.cellEnds = Int32Array.from(this.cells, (cell) => cell.end);
  }

  spanOf(end) {
    const loop = this.loopAround(this.lines[end]);
    let start = end;
    while (start > 0 && loop && this.lines[start] !== loop.line) start--;
    return { start, end };
  }

  /** The innermost loop whose body a line is in. */
  loopAround(line) {
    let found = null;
    for (const loop of this.loops) {
      if (loop.line < line && line <= loop.end && (!found || loop.depth > found.depth)) found = loop;
    }
    return found;
  }

  statement(step) {
    return this.data.statements[this.lines[step]];
  }

  /** The cell whose work a step is part of, or else the next to be worked on; at the end, the last. */
  cellAt(step) {
    if (this.cells.length === 0) return null;
    return this.cells[Math.min(lowerBound(this.cellEnds, step), this.cells.length - 1)];
  }

  /** The span of the work on a place of an array, the last time it was written; null if that was not recorded. */
  workOn(array, place) {
    const { first, events } = this.histories[array];
    if (first[place] === first[place + 1]) return null;
    return { place, ...this.spanOf(this.writes.step[events[first[place + 1] - 1]]) };
  }

  // numbers

  /** How often an array's place was written before a step. */
  writtenBefore(array, place, step) {
    const { first, events } = this.histories[array];
    let count = 0;
    while (first[place] + count < first[place + 1] && this.writes.step[events[first[place] + count]] < step) count++;
    return count;
  }

  /** The number that a step finds at a place, before it writes. */
  valueBefore(array, place, step) {
    const count = this.writtenBefore(array, place, step);
    const { first, events } = this.histories[array];
    return count ? this.writes.value[events[first[place] + count - 1]] : this.data.arrays[array].before[place];
  }

  /** Whether any step of the trace writes here. */
  isStepped(array, place) {
    const { first } = this.histories[array];
    return first[place] !== first[place + 1];
  }

  /** The numbers that a step took from arrays, in order. */
  readsOf(step) {
    const from = lowerBound(this.reads.step, step);
    const found = [];
    for (let e = from; e < this.reads.step.length && this.reads.step[e] === step; e++) {
      const [array, place] = [this.reads.array[e], this.reads.place[e]];
      found.push({ array, place, value: this.valueBefore(array, place, step) });
    }
    return found;
  }

  writesOf(step) {
    const from = lowerBound(this.writes.step, step);
    const found = [];
    for (let e = from; e < this.writes.step.length && this.writes.step[e] === step; e++) {
      found.push({ array: this.writes.array[e], place: this.writes.place[e], value: this.writes.value[e] });
    }
    return found;
  }

  /** A local variable at a step: { value, kind }, or null if it has none yet. */
  local(name, step) {
    const number = this.data.variables.indexOf(name);
    if (number < 0) return null;
    const events = this.assignments[number];
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.locals.step[events[middle]] <= step) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return null;
    const event = events[low - 1];
    return { value: this.locals.value[event], kind: this.locals.kind[event] };
  }

  // what happened

  /** Whether the step is the head of a loop that finds no further turn. */
  loopEnds(step) {
    const loop = this.loopAt.get(this.lines[step]);
    if (!loop || step + 1 >= this.length) return false;
    return this.lines[step + 1] <= loop.line || this.lines[step + 1] > loop.end;
  }

  /** Whether the condition of an `if` was true. */
  holds(step) {
    const [from, to] = this.statement(step).body;
    return step + 1 < this.length && from <= this.lines[step + 1] && this.lines[step + 1] <= to;
  }

  /** What a cell was made of: the steps of its innermost loop that read something, with what each added. */
  terms({ start, end }) {
    const { step } = this.reads;
    const reading = [];
    for (let e = lowerBound(step, start); e < step.length && step[e] <= end; e++) {
      if (reading.at(-1) !== step[e]) reading.push(step[e]);
    }
    const deepest = reading.reduce((depth, at) => Math.max(depth, this.statement(at).depth), 0);
    const inside = reading.filter((at) => this.statement(at).depth === deepest);
    const adding = inside.filter((at) => this.statement(at).accumulates);
    if (adding.length) return adding.map((at) => this.term(at));
    const seen = new Set(); // a candidate is often looked at twice: compared, then taken
    return inside
      .map((at) => this.term(at))
      .filter(({ reads }) => {
        const [key] = reads.slice(-1).map(({ array, place }) => `${array} ${place}`);
        return !seen.has(key) && seen.add(key);
      });
  }

  /** Which candidate became a cell's value; null where it was added up, or only one number was looked at. */
  winner(terms, value) {
    const [first] = terms;
    const ofOneArray = terms.every(
      ({ reads, total }) => total === null && reads.length === 1 && reads[0].array === first.reads[0].array,
    );
    return terms.length > 1 && ofOneArray ? (terms.find(({ added }) => Object.is(added, value)) ?? null) : null;
  }

  term(step) {
    const statement = this.statement(step);
    const reads = this.readsOf(step);
    if (!statement.accumulates) return { step, reads, added: reads.at(-1).value, total: null };
    const total = this.local(statement.accumulates, step).value;
    const before = this.local(statement.accumulates, step - 1).value;
    const isProduct = statement.parts.every(([kind, text]) => kind === "read" || text.trim() === "*");
    const product = reads.reduce((soFar, read) => soFar * read.value, 1);
    return { step, reads, added: isProduct && statement.operator === "+" ? product : total - before, total, before };
  }

  // moving about

  /** The step after the loop whose head this is; elsewhere simply the next step. */
  over(step) {
    const loop = this.loopAt.get(this.lines[step]);
    return loop ? this.leave(step, loop) : Math.min(step + 1, this.length - 1);
  }

  /** The step after the innermost loop that this step is in. */
  out(step) {
    const loop = this.loopAround(this.lines[step]);
    return loop ? this.leave(step, loop) : this.length - 1;
  }

  leave(step, loop) {
    let at = step;
    while (at < this.length - 1) {
      at++;
      if (this.lines[at] < loop.line || this.lines[at] > loop.end) break;
    }
    return at;
  }

  // places

  /** A flat place as an index into the whole array; the page may carry only a block of it. */
  indexOf(array, place) {
    const { shape, origin } = this.data.arrays[array];
    const index = [];
    let rest = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (rest % shape[axis]) + origin[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return index;
  }

  /** The flat place of an index, -1 if it is not in what the page carries. */
  placeOf(array, index) {
    const { shape, origin } = this.data.arrays[array];
    if (index.length !== shape.length) return -1;
    let place = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const i = index[axis] - origin[axis];
      if (!Number.isInteger(i) || i < 0 || i >= shape[axis]) return -1;
      place = place * shape[axis] + i;
    }
    return place;
  }

  /** A place as the reader writes it: y[0, 3, 4, 2]. */
  nameOf(array, place) {
    return `${this.data.arrays[array].name}[${this.indexOf(array, place).join(", ")}]`;
  }
}

function indicesOf(numbers, wanted) {
  const found = [];
  for (let i = 0; i < numbers.length; i++) if (numbers[i] === wanted) found.push(i);
  return Int32Array.from(found);
}
