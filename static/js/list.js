// The client list: marking rows with Shift, as a whole page and across pages, what the bar says of it, and forms without
// blanks.

const form = () => document.getElementById("selection");
const boxes = () => [...(form()?.querySelectorAll("tbody input[name=client]") ?? [])];
const marked = () => [...(form()?.querySelectorAll("input[name=client]:checked") ?? [])];
const everybody = () => form()?.querySelector("input[name=all]");
let last = null;

function show() {
  const all = boxes();
  const picked = all.filter((box) => box.checked).length;
  const page = form()?.querySelector("[data-pick-page]");
  if (page) {
    page.checked = picked > 0 && picked === all.length;
    page.indeterminate = picked > 0 && picked < all.length;
  }
  const words = form()?.querySelector("[data-picked]");
  if (!words) return;
  const { one, many, hidden, partly } = words.dataset;
  document.getElementById("bulk-refusal").textContent = "";
  const count = marked().length;
  const away = count - picked;
  const where = away === 0 ? "" : away === count ? hidden : partly.replace("#", away);
  words.value = everybody()?.checked ? words.dataset.all : (count === 1 ? one : many.replace("#", count)) + where;
}

document.addEventListener("click", (event) => {
  const box = event.target;
  if (box.matches?.("#selection input[name=client]")) {
    const all = boxes();
    const [here, there] = [all.indexOf(box), all.indexOf(last)];
    if (event.shiftKey && there >= 0 && here !== there) {
      for (const other of all.slice(Math.min(here, there), Math.max(here, there) + 1)) other.checked = box.checked;
    }
    last = box;
    show();
  } else if (box.matches?.("#selection input[name=all]")) {
    show();
  } else if (box.matches?.("[data-pick-page]")) {
    for (const other of boxes()) other.checked = box.checked;
    show();
  } else if (box.closest?.("[data-pick-none]")) {
    none();
  }
});

function none() {
  for (const box of marked()) box.checked = false;
  const all = everybody();
  if (all) all.checked = false;
  show();
}

// Who is marked stays so on the other pages of the list, and while somebody searches: in boxes that nobody sees.
let kept = [];
// Of which list all are marked; in another order it is the same.
let keptAll = null;

function listed() {
  const pairs = new URLSearchParams(form().elements.list.value);
  for (const name of ["sort", "dir"]) pairs.delete(name);
  return pairs.toString();
}

const keep = () => {
  if (!form()?.elements.list) return;
  kept = marked().map((box) => box.value);
  keptAll = everybody()?.checked ? listed() : null;
};

function bringBack() {
  if (!form()?.elements.list) return;
  const here = boxes();
  for (const box of here) box.checked = kept.includes(box.value);
  const shown = here.map((box) => box.value);
  const elsewhere = Object.assign(document.createElement("div"), { hidden: true });
  for (const value of kept) {
    if (shown.includes(value)) continue;
    elsewhere.append(Object.assign(document.createElement("input"), { type: "checkbox", name: "client", value, checked: true }));
  }
  form().append(elsewhere);
  if (everybody()) everybody().checked = keptAll === listed();
  last = null;
  show();
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "client-rows") keep();
});
document.addEventListener("htmx:beforeHistorySave", keep);
document.addEventListener("htmx:historyRestore", bringBack);

// They stay in another order and among other filters, too, which are pages of their own, and on the way back to the list;
// until something has been done with them.
const PLACE = "marked-clients";
let done = false;
document.addEventListener("submit", (event) => {
  if (event.target.id === "assign-form") done = true;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.xhr.status >= 400) done = false;
});
window.addEventListener("pagehide", () => {
  keep();
  const { pathname } = location;
  sessionStorage.setItem(PLACE, JSON.stringify(done ? {} : { pathname, kept, keptAll }));
});

const left = JSON.parse(sessionStorage.getItem(PLACE));
const from = document.referrer && new URL(document.referrer).pathname;
const [way] = performance.getEntriesByType("navigation");
if (left?.pathname === location.pathname && (from === location.pathname || way?.type !== "navigate")) {
  ({ kept, keptAll } = left);
  bringBack();
}

// Back and forward bring boxes back as they were ticked.
window.addEventListener("pageshow", () => {
  done = false;
  show();
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "client-rows") bringBack();
  if (event.target.id === "list-count") {
    const beside = document.getElementById("all-count");
    const told = event.target.textContent.trim();
    if (beside) beside.textContent = told && `(${told})`;
  }
});

// The address of a narrowed list names what is asked for, and nothing else.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches("[data-without-blanks]")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  if (!/^(within|ago)$/.test(event.formData.get("last_visit") ?? "")) event.formData.delete("days");
});

// Typing narrows a list of things to tick; what is ticked stays to be seen.
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
document.addEventListener("input", (event) => {
  const list = event.target.dataset?.narrows;
  if (!list) return;
  const typed = folded(event.target.value.trim());
  for (const pick of document.querySelectorAll(`${list} .pick`)) {
    pick.hidden = !folded(pick.textContent).includes(typed) && !pick.querySelector("input").checked;
  }
});

// Enter in that field ticks the only thing left instead of sending the form.
document.addEventListener("keydown", (event) => {
  const list = event.target.dataset?.narrows;
  if (!list || event.key !== "Enter") return;
  event.preventDefault();
  const left = [...document.querySelectorAll(`${list} .pick:not([hidden]) input`)];
  if (left.length === 1) left[0].checked = true;
});
