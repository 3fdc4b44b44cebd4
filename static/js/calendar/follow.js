// What the drawer says of an appointment, and why it was refused a place, is never older than its block in the grid.

import { typedIn } from "../typed.js";
import { root, versionOf } from "./places.js";

const drawer = document.getElementById("drawer");
const shown = () => drawer.querySelector("#appointment");
// Which appointment of the drawer the grid has shown, too: gone from there it is elsewhere by now.
let seen = null;

function lookAgain(id) {
  const putBack = typedIn(shown().parentNode);
  window.htmx.ajax("GET", `appointments/${id}/`, { target: "#in-drawer", swap: "outerHTML" });
  const settled = (event) => {
    if (!drawer.contains(event.target)) return;
    document.removeEventListener("htmx:afterSettle", settled);
    if (shown()?.dataset.id === id) putBack();
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
