// The calendar's page: what a click opens, the line of the present, tooltips, tabs on a phone, the day sheet.

import { bodyOf, clock, columns, firstOf, lifted, QUARTER, root, rowHeight, rowsOf, STEP, under } from "./places.js";
import { takeThere } from "./draft.js";
import "./poll.js";
import "./days.js";
import "./drag.js";
import "./follow.js";
import "./moving.js";

const scroller = () => root.querySelector(".cal-scroll");

// What is open in the drawer, as the page's address says, is marked in the grid, also after the grid has been put anew.
function mark() {
  const shown = new URLSearchParams(location.search).get("appointment");
  for (const block of root.querySelectorAll(".b")) {
    if (shown && block.getAttribute("href") === `appointments/${shown}/`) block.setAttribute("aria-current", "true");
    else block.removeAttribute("aria-current");
  }
}

const open = (href) => window.htmx.ajax("GET", href, { target: "#drawer" });

const quarterUnder = (event) => {
  const { column, row } = under(event.clientX, event.clientY);
  const first = firstOf(column);
  return { column, row: Math.max(first, Math.floor((first + row) / QUARTER) * QUARTER) };
};

root.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest(".slot, .b, [data-drawer-link], .roster td > a");
  if (!link || !window.htmx) return;
  event.preventDefault();
  if (!link.matches(".slot")) return void open(link.href);
  const { column, row } = quarterUnder(event);
  const place = { day: column.dataset.day, at: clock(row), staff: column.dataset.staff };
  if (!takeThere(place.day, place.at, place.staff)) open(`new/?${new URLSearchParams(place)}`);
});

new MutationObserver(mark).observe(document.getElementById("drawer"), { childList: true });

// Where a click would book, and when.
const hint = Object.assign(document.createElement("div"), { className: "hint" });
root.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "mouse" || lifted() || !event.target.matches(".slot")) return hint.remove();
  const { column, row } = quarterUnder(event);
  hint.style.setProperty("--r", row - firstOf(column));
  hint.textContent = clock(row);
  const slot = bodyOf(column).querySelector(".b, .now");
  if (hint.parentNode !== bodyOf(column)) bodyOf(column).insertBefore(hint, slot);
});
root.addEventListener("pointerleave", () => hint.remove());

// A block that cannot show all of it tells the rest.
root.addEventListener("pointerover", (event) => {
  const block = event.target.closest(".b");
  if (!block || block.title) return;
  const words = (selector) => block.querySelector(selector)?.textContent;
  const state = block.querySelector(":scope > .i")?.getAttribute("aria-label");
  block.title = [words(".t"), words("b"), words("b + span"), state, ...[...block.querySelectorAll(":scope > em")].map((one) => one.textContent)].filter(Boolean).join(" · ");
});

// The present.
const time = new Intl.DateTimeFormat("en-GB", { timeZone: root.dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
function now() {
  const column = root.querySelector(".col.today");
  if (!column) return;
  const words = time.format(new Date());
  const [hours, minutes] = words.split(":").map(Number);
  const row = (hours * 60 + minutes) / STEP - firstOf(column);
  const shown = row >= 0 && row < rowsOf(bodyOf(column));
  for (const line of root.querySelectorAll(".now, .now-label")) {
    line.hidden = !shown;
    line.style.setProperty("--r", row);
    if (line.matches(".now-label")) line.textContent = words;
  }
  return shown ? row : undefined;
}
setInterval(now, 20_000);
root.addEventListener("calendar-put", () => {
  now();
  mark();
});
const present = now();
if (present !== undefined && scroller()) scroller().scrollTop = present * rowHeight() - scroller().clientHeight / 3;

// On a phone the tab of the column on screen is marked.
function tabs() {
  const links = [...root.querySelectorAll(".cal-tabs a")];
  if (!links.length || !links[0].checkVisibility()) return;
  const left = scroller().getBoundingClientRect().left;
  const near = columns().map((one) => Math.abs(one.getBoundingClientRect().left - left - root.querySelector(".cal-axis").offsetWidth));
  const here = near.indexOf(Math.min(...near));
  links.forEach((link, index) => {
    if (index !== here) return link.removeAttribute("aria-current");
    if (link.hasAttribute("aria-current")) return;
    link.setAttribute("aria-current", "true");
    link.parentNode.scrollTo({ left: link.offsetLeft - 60, behavior: "smooth" });
  });
}
root.addEventListener("scroll", tabs, { capture: true, passive: true });
root.addEventListener("click", (event) => {
  const tab = event.target.closest(".cal-tabs a");
  if (!tab) return;
  // Only sideways: the hour on screen stays.
  event.preventDefault();
  const column = document.getElementById(tab.hash.slice(1));
  scroller().scrollTo({ left: column.offsetLeft - root.querySelector(".cal-axis").offsetWidth, behavior: "smooth" });
});
addEventListener("resize", tabs);
root.addEventListener("calendar-put", tabs);
tabs();

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
