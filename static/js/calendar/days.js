// The calendar goes along to the day of a time that was chosen for a booking: all of it but the drawer, in which nothing
// changes.

import { lifted, root } from "./places.js";
import { put } from "./poll.js";

let asked = 0;

async function go(to) {
  const mine = ++asked;
  const here = location.href;
  const response = await fetch(to);
  const text = await response.text();
  if (!response.ok || lifted() || mine !== asked || here !== location.href) return;
  const answer = new DOMParser().parseFromString(text, "text/html");
  const fresh = answer.querySelector("[data-calendar]");
  if (!fresh) return;
  root.dataset.poll = fresh.dataset.poll;
  document.title = answer.title;
  history.replaceState({ htmx: true }, "", to);
  for (const part of [".cal-bar", ".cal-whose"]) {
    const there = fresh.querySelector(part);
    if (!there) continue;
    root.querySelector(part).replaceWith(there);
    window.htmx.process(there);
  }
  put(answer);
  // Behind what draws it.
  requestAnimationFrame(() => root.querySelector(".draft")?.scrollIntoView({ block: "center", inline: "nearest" }));
}

// Where it cannot be had, the calendar stays where it is.
document.addEventListener("calendar-goes", (event) => go(event.detail.to).catch(() => {}));
