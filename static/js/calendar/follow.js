// What the drawer says of an appointment, and why it was refused a place, is never older than its block in the grid.

import { root, versionOf } from "./places.js";

const drawer = document.getElementById("drawer");
const shown = () => drawer.querySelector("#appointment");
// Which appointment of the drawer the grid has shown, too: gone from there it is elsewhere by now.
let seen = null;

const isTyped = (field) => (field.matches("select") ? !field.selectedOptions[0]?.defaultSelected : field.value !== field.defaultValue);

// What was typed and not saved stays, and so does the place of the keyboard.
function lookAgain(id) {
  const fields = [...shown().parentNode.querySelectorAll("input:not([type=hidden]), textarea, select")];
  const typed = new Map(fields.filter((one) => one.id && isTyped(one)).map((one) => [one.id, one.value]));
  const focused = document.activeElement.id;
  window.htmx.ajax("GET", `appointments/${id}/`, { target: "#in-drawer", swap: "outerHTML" });
  const settled = (event) => {
    if (!drawer.contains(event.target)) return;
    document.removeEventListener("htmx:afterSettle", settled);
    if (shown()?.dataset.id !== id) return;
    for (const [field, value] of typed) {
      const found = document.getElementById(field);
      if (found) found.value = value;
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
  document.addEventListener("htmx:afterSettle", settled);
}

function follow() {
  const { id, version } = shown()?.dataset ?? {};
  const there = id && versionOf(id);
  const gone = there === undefined && seen === id;
  seen = there === undefined ? null : id;
  if (!id || !(gone || there > Number(version))) return;
  // An answer that is on its way brings it along.
  if (!drawer.querySelector(".htmx-request")) lookAgain(id);
}

function disarm() {
  const refused = document.querySelector("#calendar-answer [data-refused]");
  if (refused && versionOf(refused.dataset.refused) > Number(refused.dataset.version)) refused.remove();
}

root.addEventListener("calendar-put", () => {
  disarm();
  follow();
});
new MutationObserver(() => {
  const id = shown()?.dataset.id;
  if (id && versionOf(id) !== undefined) seen = id;
}).observe(drawer, { childList: true });
