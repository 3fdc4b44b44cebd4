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
export const nameOf = (block) => block.querySelector("b").textContent;
export const columnName = (column) => column.getAttribute("aria-label");

// Where something would stand; one at a time.
let ghost = null;

export function showGhost(column, row, rows, words) {
  ghost ??= Object.assign(document.createElement("div"), { className: "ghost" });
  ghost.style.setProperty("--r", row);
  ghost.style.setProperty("--h", rows);
  ghost.textContent = words;
  const body = bodyOf(column);
  if (ghost.parentNode !== body) body.append(ghost);
}

export function lift(block) {
  root.dataset.moves = "";
  for (const one of blocksOf(block)) one.classList.add("lifted");
}

export function settle() {
  ghost?.remove();
  ghost = null;
  delete root.dataset.moves;
  for (const one of root.querySelectorAll(".lifted")) one.classList.remove("lifted");
}

export const lifted = () => "moves" in root.dataset;
