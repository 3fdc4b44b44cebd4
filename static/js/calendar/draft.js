// What is being booked in the drawer stands in the grid, dashed, where it would be; a free place clicked meanwhile takes it there.

import { afterAnswer, isAsked } from "../underway.js";
import { entered } from "../unfinished.js";
import { bodyOf, clock, columns, firstOf, root, rowsOf, STEP } from "./places.js";

const drawer = document.getElementById("drawer");
const LEAST = 15 / STEP;

function rowIn(time) {
  const [hours, minutes] = time.split(":").map(Number);
  return (hours * 60 + minutes) / STEP;
}

// As many lines as a block of that length has.
const lines = (rows) => (rows <= 4 ? "line" : rows <= 6 ? "run" : "");

function drawn(part) {
  const column = columns().find((one) => one.dataset.staff === part.dataset.staff && one.dataset.day === part.dataset.day);
  if (!column) return;
  const row = part.dataset.at ? rowIn(part.dataset.at) : Number(part.dataset.row);
  const rows = Number(part.dataset.rows ?? LEAST);
  const top = row - firstOf(column);
  if (!(top >= 0 && top < rowsOf(bodyOf(column)))) return;
  const block = Object.assign(document.createElement("div"), { className: `draft ${lines(rows)}`, ariaHidden: "true" });
  block.style.setProperty("--r", top);
  block.style.setProperty("--h", rows);
  const time = Object.assign(document.createElement("span"), { className: "t", textContent: rows > 6 ? `${clock(row)}–${clock(row + rows)}` : clock(row) });
  block.append(time, " ", part.content.cloneNode(true));
  bodyOf(column).append(block);
}

let asked = 0;
function draw() {
  cancelAnimationFrame(asked);
  asked = requestAnimationFrame(() => {
    for (const old of root.querySelectorAll(".draft")) old.remove();
    for (const part of drawer.querySelectorAll("#booking [data-draft]")) drawn(part);
  });
}

new MutationObserver(draw).observe(drawer, { childList: true, subtree: true });
root.addEventListener("calendar-put", draw);
draw();

// Nothing of what was entered is lost: the time, and whom the column belongs to where she can do it, are all that changes.
export function takeThere(day, at, staff) {
  const form = drawer.querySelector("#booking");
  const fields = form?.elements;
  if (!fields || !(entered() || fields.who.value || form.querySelector("[name=service]"))) return false;
  if (isAsked(form)) {
    afterAnswer(() => takeThere(day, at, staff));
    return true;
  }
  fields.day.value = day;
  fields.at.value = at;
  fields.column.value = staff;
  for (const select of form.querySelectorAll("select[name=staff]")) {
    const able = [...select.querySelectorAll(":scope > option")].some((one) => one.value === staff);
    if (select.value && able) select.value = staff;
  }
  form.requestSubmit();
  return true;
}
