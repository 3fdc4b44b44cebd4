// Moving by keyboard, or step by step with a finger: a mode in which the arrows carry the block, Enter lets it down and
// Escape leaves it where it was. Each step is said aloud.

import { move, stays } from "./changes.js";
import { bodyOf, clock, columnName, columns, firstOf, lift, lifted, nameOf, QUARTER, root, rowOf, rowsOf, settle, showWhole, under, within } from "./places.js";

const bar = document.getElementById("calendar-moving");
const said = document.getElementById("calendar-said");
let carried = null;

const say = (words) => {
  said.textContent = words;
};

function show() {
  const { block, column, row } = carried;
  const words = `${clock(firstOf(column) + row)} · ${columnName(column)}`;
  showWhole(block, column, row, `${clock(firstOf(column) + row)} ${nameOf(block)}`);
  document.getElementById("calendar-moving-to").textContent = words;
  const ghost = root.querySelector(".ghost:not(.along)");
  ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
  return `${words}`;
}

export function carry(block) {
  if (!block?.matches(".m") || lifted()) return;
  carried = { block, column: block.closest(".col"), row: rowOf(block), rows: rowsOf(block) };
  lift(block);
  bar.hidden = false;
  block.focus({ preventScroll: true });
  show();
  say(said.dataset.moving.replace("{name}", nameOf(block)));
}

function stop() {
  const { block } = carried;
  carried = null;
  bar.hidden = true;
  block.focus({ preventScroll: true });
}

function leave() {
  stop();
  settle();
  say(said.dataset.left);
}

function commit() {
  const { block, column, row } = carried;
  if (stays(block, column, row)) return leave();
  stop();
  move(block, column, row);
}

function step(key, fine) {
  const all = columns();
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (by) {
    carried.row = within(carried.column, carried.row + by * (fine ? 1 : QUARTER), carried.rows);
  } else {
    const place = all.indexOf(carried.column) + (key === "ArrowLeft" ? -1 : 1);
    carried.column = all[Math.max(0, Math.min(place, all.length - 1))];
  }
  say(show());
}

// Before every other listener: the arrows are the block's now.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!carried) {
      const block = document.activeElement?.closest?.(".b.m");
      if (!block || event.key.toLowerCase() !== "m" || document.querySelector("dialog:modal")) return;
      event.preventDefault();
      return carry(block);
    }
    const button = event.target.closest?.("button");
    if (event.key === "Tab" || (button && event.key === "Enter")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key.startsWith("Arrow")) step(event.key, event.shiftKey);
    else if (event.key === "Enter") commit();
    else if (event.key === "Escape") leave();
  },
  true,
);

// A tap on a free place carries it there.
document.addEventListener(
  "click",
  (event) => {
    const opener = event.target.closest?.("[data-calendar-move]");
    if (opener) {
      event.preventDefault();
      const wanted = `appointments/${opener.dataset.calendarMove}/`;
      return carry(root.querySelector(`.b.m[href="${CSS.escape(wanted)}"]`));
    }
    if (!carried) return;
    if (event.target.closest("[data-move-commit]")) return commit();
    if (event.target.closest("[data-move-cancel]")) return leave();
    if (!event.target.closest(".col-body")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { column, row } = under(event.clientX, event.clientY);
    const first = firstOf(column);
    carried.column = column;
    carried.row = within(column, Math.floor((row + first) / QUARTER) * QUARTER - first, carried.rows);
    say(show());
  },
  true,
);
