// Where things stand in the grid: columns, rows of five minutes, and the time of day that a row means.

export const STEP = 5;
export const QUARTER = 15 / STEP;

export const root = document.querySelector("[data-calendar]");
export const columns = () => [...root.querySelectorAll(".col")];
export const bodyOf = (column) => column.querySelector(".col-body");
export const rowHeight = () => parseFloat(getComputedStyle(root).getPropertyValue("--row"));
const drawn = (element, name) => Number(getComputedStyle(element).getPropertyValue(name)) || 0;
export const rowOf = (element) => drawn(element, "--r");
export const rowsOf = (element) => drawn(element, "--h");
export const firstOf = (column) => Number(column.dataset.first);

export const clock = (row) => {
  const minutes = row * STEP;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
};

// The row under a point, not rounded, in the column under it or next to it.
export function under(x, y, grabbed = 0) {
  const all = columns();
  const column = all.find((one) => x < one.getBoundingClientRect().right) ?? all.at(-1);
  const body = bodyOf(column);
  return { column, row: (y - grabbed - body.getBoundingClientRect().top) / rowHeight() };
}

export const within = (column, row, rows) => Math.max(0, Math.min(row, rowsOf(bodyOf(column)) - rows));

export const appointmentOf = (block) => block.getAttribute("href");
export const blocksOf = (block) => [...root.querySelectorAll(".b")].filter((one) => appointmentOf(one) === appointmentOf(block));
// Which version of an appointment the grid shows; none where nothing of it stands there.
export const versionOf = (id) => {
  const shown = root.querySelector(`[data-v][href="appointments/${CSS.escape(id)}/"]`);
  return shown ? Number(shown.dataset.v) : undefined;
};
export const nameOf = (block) => block.querySelector("b").textContent;
export const columnName = (column) => column.getAttribute("aria-label");

// The same part of an appointment, wherever it stands by now.
export const sameAs = (block) => blocksOf(block).find((one) => one.dataset.i === block.dataset.i && one.dataset.o === block.dataset.o);

// Where something would stand; one at a time.
let ghost = null;
// And what goes along with it: each other part of the appointment with its own.
let along = new Map();

const made = (className) => Object.assign(document.createElement("div"), { className });

function stand(one, column, row, rows) {
  one.style.setProperty("--r", row);
  one.style.setProperty("--h", rows);
  const body = bodyOf(column);
  if (one.parentNode !== body) body.append(one);
}

export function showGhost(column, row, rows, words) {
  ghost ??= made("ghost");
  ghost.textContent = words;
  stand(ghost, column, row, rows);
}

// The whole of an appointment keeps its order: all parts go as far as the one that is carried, to another day together;
// who does it changes for that service alone.
export function showWhole(block, column, row, words) {
  showGhost(column, row, rowsOf(block), words);
  const from = block.closest(".col");
  for (const part of blocksOf(block)) {
    if (part === block || part.matches(".strip")) continue;
    const goes = part.dataset.i === block.dataset.i || column.dataset.day !== from.dataset.day;
    if (!along.has(part)) along.set(part, made("ghost along"));
    const own = along.get(part);
    own.textContent = `${clock(firstOf(column) + rowOf(part) + row - rowOf(block))} ${part.querySelector("b + span")?.textContent ?? ""}`;
    stand(own, goes ? column : part.closest(".col"), rowOf(part) + row - rowOf(block), rowsOf(part));
  }
}

export function lift(block) {
  root.dataset.moves = "";
  for (const one of blocksOf(block)) one.classList.add("lifted");
}

export function settle() {
  ghost?.remove();
  ghost = null;
  for (const one of along.values()) one.remove();
  along = new Map();
  delete root.dataset.moves;
  for (const one of root.querySelectorAll(".lifted")) one.classList.remove("lifted");
}

export const lifted = () => "moves" in root.dataset;
