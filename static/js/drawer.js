// The calendar's drawer: links that open in it, its address, parts that stay open, and Escape that leaves it.
// What it shows comes from the server; without a script every one of these links leads to a page.

import "./underway.js";
import "./unfinished.js";

const container = () => document.getElementById("drawer");
const onCalendar = () => document.querySelector("[data-calendar]") !== null;
// What of the calendar's address belongs to the drawer.
const OWN = ["appointment", "new", "blocked", "at", "staff", "client", "like", "weeks", "walk-in"];

export function openDrawer(url) {
  return htmx.ajax("GET", url, { target: "#drawer" });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-drawer-link]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (!onCalendar()) return;
  event.preventDefault();
  openDrawer(link.href);
});

// Closed: the address is that of the calendar alone. Back leads to where it was open.
document.addEventListener("drawer-closed", () => {
  if (!onCalendar()) return;
  const address = new URL(location.href);
  for (const name of OWN) address.searchParams.delete(name);
  if (address.href !== location.href) history.pushState({ htmx: true }, "", address);
});

// What is typed or chosen while an answer is on its way is not in it: it is put into the new fields again.
const FIELDS = "#booking :is(input:not([type=hidden], [type=checkbox]), textarea, select)";
const OFFERED = "[data-picker=always][aria-expanded=true]";
let sent = null;
let offered = null;
// A line's field is known by its service, as its place may be another's by then.
const nameOf = (field) => `${field.id} ${field.ariaLabel ?? ""}`;
const fields = () => [...document.querySelectorAll(FIELDS)];
const typedIn = () => new Map(fields().map((field) => [nameOf(field), field.value]));

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id !== "in-drawer") return;
  sent = typedIn();
  offered = document.querySelector(OFFERED);
});

// What is entered stands there at once, as the form may be sent or leave with its page before it listens, and is told when
// it does. A field that searches looks for what it is given while it listens.
const searches = (field) => field.matches("[role=combobox]");
const forgotten = (typed) => fields().filter((one) => typed.has(nameOf(one)) && one.value !== typed.get(nameOf(one)));

function typeAgain(typed, which) {
  const again = forgotten(typed).filter(which);
  for (const field of again) field.value = typed.get(nameOf(field));
  return again;
}

const tell = (field) => field.dispatchEvent(new Event(searches(field) ? "input" : "change", { bubbles: true }));

// An answer replaces the content: what was unfolded stays so, and it is read from where it was.
let kept = null;
const stateIn = (content) => content.querySelector(".state")?.className;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "in-drawer") return;
  const body = event.detail.target.querySelector(".drawer-body");
  kept = {
    typed: new Map([...typedIn()].filter(([name, value]) => sent?.has(name) && sent.get(name) !== value)),
    // What has been asked for meanwhile, whether it is there by now or not, goes with the field that it belongs to.
    offering: document.activeElement.matches(`[data-picker=always].htmx-request, ${OFFERED}`) && !offered,
    open: [...event.detail.target.querySelectorAll("details[data-keep][open]")].map((part) => part.dataset.keep),
    top: body?.scrollTop ?? 0,
    state: stateIn(event.detail.target),
    form: event.detail.target.querySelector("form[id]")?.id ?? event.detail.target.querySelector(".drawer-body")?.id,
  };
});

// The same of a part that comes along with an answer to something else.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  for (const part of event.detail.target.querySelectorAll("details[data-keep][open]")) {
    const fresh = event.detail.fragment.querySelector(`details[data-keep="${CSS.escape(part.dataset.keep)}"]`);
    if (fresh) fresh.open = true;
  }
});

const isSame = (content) => content !== null && content.querySelector("form[id], .drawer-body[id]")?.id === kept.form;

document.addEventListener("htmx:afterSwap", () => {
  if (kept && isSame(document.getElementById("in-drawer"))) kept.again = typeAgain(kept.typed, (one) => !searches(one));
});

document.addEventListener("htmx:afterSettle", () => {
  if (!kept) return;
  const content = document.getElementById("in-drawer");
  if (isSame(content)) {
    for (const name of kept.open) {
      const part = content.querySelector(`details[data-keep="${CSS.escape(name)}"]`);
      if (part) part.open = true;
    }
    // What has just become of it stands at the top.
    if (stateIn(content) === kept.state) content.querySelector(".drawer-body").scrollTop = kept.top;
    for (const one of [...(kept.again ?? []), ...typeAgain(kept.typed, searches)]) tell(one);
    const field = document.activeElement;
    if (kept.offering && field.matches("[data-picker=always]")) field.dispatchEvent(new CustomEvent("offer"));
  }
  kept = null;
  const conflict = content?.querySelector("#conflict[role=alert]");
  if (conflict) conflict.scrollIntoView({ block: "nearest" });
  // What had the focus is gone: the keyboard goes on from the title.
  if (content && document.activeElement === document.body) content.querySelector("#drawer-title")?.focus();
});
