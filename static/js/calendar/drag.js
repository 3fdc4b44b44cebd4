// Moving by the mouse, the pen, or after a long press by the finger; the lower edge makes a block longer.

import { move, resize, stays } from "./changes.js";
import { bodyOf, clock, columnName, columns, firstOf, lift, lifted, QUARTER, root, rowHeight, rowOf, rowsOf, settle, showGhost, showWhole, under, within } from "./places.js";

const PRESS = 350;
const SLACK = 5;
const EDGE = 9;
let held = null;

const scroller = () => root.querySelector(".cal-scroll");

// Quarters of an hour attract, and so do the ends of other blocks; with Alt every five minutes count.
function snapped(column, row, fine) {
  const near = Math.round(row);
  if (fine) return near;
  const edges = [...bodyOf(column).querySelectorAll(".b:not(.lifted, .strip)")].map((one) => rowOf(one) + rowsOf(one));
  if (edges.includes(near)) return near;
  return Math.round((row + firstOf(column)) / QUARTER) * QUARTER - firstOf(column);
}

function follow(event) {
  const { block, from, grabbed } = held;
  if (held.edge) {
    const column = block.closest(".col");
    const until = (event.clientY - bodyOf(column).getBoundingClientRect().top) / rowHeight();
    const end = snapped(column, until, event.altKey);
    held.rows = Math.max(1, Math.min(end, rowsOf(bodyOf(column))) - held.row);
    showGhost(column, held.row, held.rows, `${clock(firstOf(column) + held.row)}–${clock(firstOf(column) + held.row + held.rows)}`);
    return;
  }
  const { column, row } = under(event.clientX, event.clientY, grabbed);
  const still = Math.abs(event.clientY - from.y + scroller().scrollTop - from.top) < rowHeight();
  held.column = column;
  held.target = within(column, still ? held.row : snapped(column, row, event.altKey), held.rows);
  const start = firstOf(column) + held.target;
  showWhole(block, column, held.target, `${clock(start)}–${clock(start + held.rows)} ${columnName(column)}`);
}

// Near the edge the grid scrolls on by itself.
function roll() {
  if (!held?.moving) return;
  const box = scroller().getBoundingClientRect();
  const { clientX: x, clientY: y } = held.last;
  const by = (low, high, at) => (at < low + 40 ? -8 : at > high - 40 ? 8 : 0);
  const head = root.querySelector(".col-head")?.offsetHeight ?? 0;
  scroller().scrollBy(columns().length > 1 && !held.edge ? by(box.left + 40, box.right, x) : 0, by(box.top + head, box.bottom, y));
  follow(held.last);
  requestAnimationFrame(roll);
}

function begin(event) {
  held.moving = true;
  held.last = event;
  lift(held.block);
  held.block.setPointerCapture?.(held.id);
  if (held.touch) navigator.vibrate?.(15);
  follow(event);
  requestAnimationFrame(roll);
}

function end() {
  clearTimeout(held?.timer);
  held = null;
  settle();
}

root.addEventListener("pointerdown", (event) => {
  const block = event.target.closest?.(".b.m");
  if (!block || event.button !== 0 || lifted()) return;
  // What is seen of it: its border reaches further.
  const top = block.getBoundingClientRect().top + block.clientTop - 1;
  const bottom = top + block.clientHeight + 2;
  held = {
    block,
    id: event.pointerId,
    touch: event.pointerType === "touch",
    edge: block.matches(".e") && bottom - event.clientY < EDGE && event.clientY <= bottom && bottom - top > 2 * EDGE,
    grabbed: event.clientY - top,
    from: { x: event.clientX, y: event.clientY, top: scroller().scrollTop },
    row: rowOf(block),
    rows: rowsOf(block),
    last: event,
  };
  if (held.touch) held.timer = setTimeout(() => held && begin(held.last), PRESS);
});

document.addEventListener("pointermove", (event) => {
  if (!held || event.pointerId !== held.id) return;
  const far = Math.hypot(event.clientX - held.from.x, event.clientY - held.from.y) > SLACK;
  held.last = event;
  if (held.moving) follow(event);
  else if (far && held.touch) end();
  else if (far) begin(event);
});

document.addEventListener("pointerup", (event) => {
  if (!held || event.pointerId !== held.id) return;
  const { block, moving, edge, column, target, rows, row } = held;
  const longer = rows !== rowsOf(block);
  const moved = column && !stays(block, column, target ?? row);
  if (!moving || !(edge ? longer : moved)) end();
  clearTimeout(held?.timer);
  held = null;
  if (!moving) return;
  // The click that follows is the end of the way, not a click on the block.
  const swallow = (click) => {
    click.preventDefault();
    click.stopImmediatePropagation();
  };
  document.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", swallow, { capture: true }), 60);
  if (edge && longer) resize(block, rows);
  else if (!edge && moved) move(block, column, target);
});

document.addEventListener("pointercancel", () => held && end());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !held?.moving) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  end();
}, true);
// While something is carried, the finger does not scroll; and a link is not dragged as a link, nor its menu opened.
document.addEventListener("touchmove", (event) => held?.moving && event.preventDefault(), { passive: false });
root.addEventListener("dragstart", (event) => event.target.closest?.(".b, .slot") && event.preventDefault());
root.addEventListener("contextmenu", (event) => held?.touch && event.preventDefault());
