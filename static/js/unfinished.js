// What is being entered in the calendar's drawer is not lost: it goes along to the day that is looked at next, and before
// anything else takes its place or the page is left, somebody is asked.

import { askBeforeClosing } from "./discard.js";
import { pressAgain, underway } from "./underway.js";

const KEPT = "unfinished";
// When and with whom is no entry of its own: a click into the grid says it.
const TIMES = ["csrfmiddlewaretoken", "appointment_id", "column", "day", "at", "staff", "starts", "ends"];
const untouched = new Map();
const form = () => document.querySelector("#drawer form[data-follow]");
const user = () => document.body.dataset.user;
let leaving = false;

function contentOf(one) {
  const found = [...new FormData(one)].filter(([name, value]) => value !== "" && !TIMES.includes(name));
  return JSON.stringify(found);
}

export function entered() {
  const one = form();
  if (!one) return false;
  return contentOf(one) !== (untouched.get(one.action) ?? contentOf(one)) || (one.id === "booking" && underway().length > 0);
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.target.closest?.("#drawer")) return;
  const one = form();
  if (!one) untouched.clear();
  else if (!untouched.has(one.action)) untouched.set(one.action, contentOf(one));
});

document.addEventListener("drawer-closing", (event) => {
  if (entered()) askBeforeClosing(event);
});

document.addEventListener("drawer-closed", () => untouched.clear());

// Something else is to be shown in the drawer.
document.addEventListener("htmx:confirm", (event) => {
  if (event.detail.target?.id !== "drawer" || !entered()) return;
  askBeforeClosing(event, () => {
    untouched.clear();
    event.detail.issueRequest(true);
  });
});

// The calendar of another day, or another view of it: the booking comes along.
function keep() {
  const one = document.querySelector("#drawer #booking");
  if (!one || !entered()) return false;
  const values = [...new FormData(one)].filter(([name]) => name !== "csrfmiddlewaretoken");
  sessionStorage.setItem(KEPT, JSON.stringify({ action: one.action, values, acts: underway(), untouched: untouched.get(one.action), user: user() }));
  leaving = true;
  return true;
}

function bringBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT));
  sessionStorage.removeItem(KEPT);
  // Somebody else may have signed in on the way.
  if (!kept || kept.user !== user() || !document.querySelector("[data-calendar]")) return;
  untouched.set(kept.action, kept.untouched);
  const values = new FormData();
  for (const [name, value] of kept.values) values.append(name, value);
  // What was pressed and had no answer yet is done now; a booking sent twice is booked once.
  const [first, second] = kept.acts ?? [];
  if (first) values.append("act", first.value);
  const put = window.htmx.ajax("POST", kept.action, { target: "#drawer", values });
  if (second) put.then(() => document.getElementById("booking") && pressAgain(document.getElementById("booking"), second));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.matches("[target=_blank], [data-drawer-link], [data-drawer-close]") || !link.protocol.startsWith("http")) return;
  if (link.pathname === location.pathname && (link.hash || keep())) return;
  if (!entered()) return;
  askBeforeClosing(event, () => {
    leaving = true;
    location.assign(link.href);
  });
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.closest("#drawer, dialog")) return;
  if (event.target.closest("[data-calendar]")) keep();
});

// What was sent and leads on into the calendar is saved.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const away = event.detail.xhr.getResponseHeader("HX-Redirect");
  if (away && new URL(away, location.href).pathname === location.pathname) leaving = true;
});

window.addEventListener("beforeunload", (event) => {
  if (!leaving && entered()) event.preventDefault();
});

document.addEventListener("DOMContentLoaded", bringBack);
