// What has been moved or made longer is told to the server; what it answers is shown: a toast that takes it back, or
// why it was refused and where it would go.

import { token } from "../token.js";
import { bodyOf, clock, firstOf, lifted, root, rowOf, sameAs, settle, STEP } from "./places.js";
import { look } from "./poll.js";

// So high is what messages need at the lower edge.
const MESSAGES = 240;

// Messages leave what has just been moved free.
function makeWay() {
  const ghost = root.querySelector(".ghost:not(.along)");
  if (!ghost) return;
  const low = ghost.getBoundingClientRect().bottom > innerHeight - MESSAGES;
  document.getElementById("toasts").toggleAttribute("data-aside", low);
}

export function show(text) {
  const answer = document.getElementById("calendar-answer");
  makeWay();
  const found = new DOMParser().parseFromString(text, "text/html").body;
  for (const part of found.querySelectorAll("[hx-swap-oob]")) {
    const toasts = [...part.children];
    part.remove();
    document.getElementById("toasts").append(...toasts);
    toasts.forEach((toast) => window.htmx.process(toast));
  }
  answer.replaceChildren(...found.children);
  window.htmx.process(answer);
  answer.querySelector("[data-refused] button")?.focus();
}

async function post(block, change, values) {
  const focused = document.activeElement === block;
  const known = new Map(Object.entries(values).filter(([, value]) => value !== undefined && value !== ""));
  const headers = { "HX-Request": "true", "X-CSRFToken": token() };
  try {
    const response = await fetch(`${block.href}${change}/`, { method: "POST", headers, body: new URLSearchParams([...known]) });
    const away = response.headers.get("HX-Redirect");
    if (away) return void location.assign(away);
    if (response.ok || response.status === 409 || response.status === 422) show(await response.text());
    else document.dispatchEvent(new CustomEvent("htmx:responseError", { detail: { xhr: response } }));
  } catch {
    document.dispatchEvent(new CustomEvent("htmx:sendError"));
  }
  // Until then it stands where it was let down.
  settle();
  await look();
  // In another column it is another element.
  if (focused && !block.isConnected && document.activeElement === document.body) sameAs(block)?.focus({ preventScroll: true });
}

// `row` is where this block would start in that column.
export function move(block, column, row) {
  const start = firstOf(column) + row - Number(block.dataset.o ?? 0);
  return post(block, "move", {
    day: column.dataset.day,
    at: clock(start),
    staff: column.dataset.staff,
    item: block.dataset.i,
    version: block.dataset.v,
  });
}

export function resize(block, rows) {
  const minutes = (Number(block.dataset.o ?? 0) + rows) * STEP;
  return post(block, "resize", { minutes, item: block.dataset.i, version: block.dataset.v });
}

export const stays = (block, column, row) => bodyOf(column) === block.parentNode && row === rowOf(block);

function close() {
  const answer = document.getElementById("calendar-answer");
  if (!answer.querySelector("[data-refused]")) return false;
  answer.replaceChildren();
  return true;
}

root.addEventListener("click", (event) => {
  if (event.target.closest("[data-refused-close]")) close();
});

// Before the drawer, which Escape closes, too.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || lifted() || document.querySelector("dialog:modal") || !close()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
