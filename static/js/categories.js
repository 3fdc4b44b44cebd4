// Client categories on the card. In the panel rows are marked, struck through with the cross, and leave with Save.
// The dialog's list is a listbox: arrows move, space or a click marks, Enter or a double click assigns.

const byId = (id) => document.getElementById(id);
const within = (event, selector) => event.target.closest?.(selector);

// ---- The panel ----

const rows = () => [...document.querySelectorAll("#categories .category")];
const markOf = (row) => row.querySelector(".category-mark");
const going = (row) => row.classList.contains("going");

const show = (selector, shown) => {
  const element = document.querySelector(`#categories ${selector}`);
  if (element) element.hidden = !shown;
};

// What is struck through and not saved is asked about before the page is left (unsaved.js); a mere mark is not.
const warn = (any) => {
  const form = byId("categories-form");
  form.toggleAttribute("data-asks", any);
  form.toggleAttribute("data-unsaved", any);
};

const strike = (row, gone) => {
  row.classList.toggle("going", gone);
  markOf(row).checked = false;
  markOf(row).disabled = gone;
  row.querySelector(".category-gone").hidden = !gone;
  row.querySelector(".category-cross").hidden = gone;
  row.querySelector(".category-keep").hidden = !gone;
  const any = rows().some(going);
  show(".categories-save", any);
  show(".categories-discard", any);
  warn(any);
};

const strikeMarked = () => {
  for (const row of rows()) if (markOf(row)?.checked) strike(row, true);
  document.querySelector("#categories .categories-save")?.focus();
};

document.addEventListener("click", (event) => {
  const row = within(event, "#categories .category");
  if (row && within(event, ".category-cross")) strikeMarked();
  if (row && within(event, ".category-keep")) {
    strike(row, false);
    markOf(row).focus();
  }
  if (within(event, ".categories-discard")) {
    for (const one of rows()) if (going(one)) strike(one, false);
    document.querySelector("#categories .categories-add")?.focus();
  }
});

document.addEventListener("keydown", (event) => {
  const mark = within(event, "#categories .category-mark");
  if (!mark || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const marks = rows().filter((row) => !going(row)).map(markOf);
    marks[marks.indexOf(mark) + step]?.focus();
  } else if (event.key === "Enter") {
    mark.checked = !mark.checked;
  } else if (event.key === "Delete" || event.key === "Backspace") {
    mark.checked = true;
    strikeMarked();
  } else {
    return;
  }
  event.preventDefault();
});

// ---- The dialog ----

const picker = () => byId("category-picker");
const options = () => [...(byId("category-options")?.querySelectorAll("[role=option]") ?? [])];
const visible = () => options().filter((option) => !option.hidden);
const free = (option) => option.getAttribute("aria-disabled") !== "true";
const marked = () => options().filter((option) => option.getAttribute("aria-selected") === "true");

// As the server folds what it puts into data-words.
const fold = (text) =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replace(/([aou])e/g, "$1");

const tell = () => {
  const count = marked().length;
  const choose = picker().querySelector(".category-choose");
  choose.setAttribute("aria-disabled", String(count === 0));
  byId("category-reason").hidden = count > 0;
  const status = byId("category-status");
  const { none, one, many } = status.dataset;
  status.textContent = count === 0 ? none : count === 1 ? one : many.replace("{count}", count);
};

const mark = (option, on) => {
  if (!free(option)) return;
  option.setAttribute("aria-selected", String(on));
  tell();
};

const rove = (option) => {
  for (const one of options()) one.tabIndex = one === option ? 0 : -1;
};

const go = (option) => {
  if (!option) return;
  rove(option);
  option.focus();
  option.scrollIntoView({ block: "nearest" });
};

const filter = () => {
  const typed = fold(picker().querySelector(".category-search").value).split(/\s+/).filter(Boolean);
  for (const option of options()) option.hidden = !typed.every((word) => option.dataset.words.includes(word));
  const found = visible();
  byId("category-options").hidden = found.length === 0;
  picker().querySelector(".options-none").hidden = found.length > 0;
  if (!found.some((option) => option.tabIndex === 0)) rove(found[0]);
};

const assign = (option) => {
  if (option) mark(option, true);
  if (marked().length) byId("category-choice").requestSubmit();
};

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "category-dialogs" || !picker()) return;
  picker().showModal();
  tell();
});

document.addEventListener("input", (event) => {
  if (within(event, ".category-search")) filter();
});

document.addEventListener("click", (event) => {
  const option = within(event, "#category-options [role=option]");
  if (option) {
    rove(option);
    mark(option, option.getAttribute("aria-selected") !== "true");
  }
  const opener = within(event, ".category-new-open");
  const name = byId("category-new")?.querySelector("[name=name]");
  // Searched for in vain: most likely the name of what is to be made.
  if (opener && name && !name.value && !visible().length) name.value = picker().querySelector(".category-search").value.trim();
});

document.addEventListener("dblclick", (event) => {
  const option = within(event, "#category-options [role=option]");
  if (option && free(option)) assign(option);
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  if (within(event, ".category-search")) {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    go(visible().find((option) => option.tabIndex === 0) ?? visible()[0]);
    return;
  }
  const option = within(event, "#category-options [role=option]");
  if (!option) return;
  const all = visible();
  const here = all.indexOf(option);
  const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next === -1) picker().querySelector(".category-search").focus();
  else if (next !== undefined) go(all[next]);
  else if (event.key === " ") mark(option, option.getAttribute("aria-selected") !== "true");
  else if (event.key === "Enter") assign(marked().length || !free(option) ? null : option);
  else return;
  event.preventDefault();
});

// What travels with the forms: what is struck through is removed, what is marked is assigned, or marked again in the
// renewed list.
document.addEventListener("htmx:configRequest", (event) => {
  const { parameters } = event.detail;
  const chosen = () => marked().map((option) => option.dataset.category);
  if (event.target.id === "categories-form") parameters.category = rows().filter(going).map((row) => markOf(row).value);
  else if (event.target.id === "category-choice") parameters.category = chosen();
  else if (event.target.id === "category-new-form") parameters.marked = chosen();
});

// The dialogs close with what they were opened for, and give the focus back.
document.addEventListener(
  "close",
  (event) => {
    if (event.target.id !== "category-picker") return;
    byId("category-dialogs").replaceChildren();
    document.querySelector("#categories .categories-add")?.focus();
  },
  true,
);

// An answer replaces the panel: what was to be removed, and still is there, still is.
let struck = [];

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "categories") struck = rows().filter(going).map((row) => markOf(row).value);
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "categories") return;
  for (const row of rows()) if (struck.includes(markOf(row)?.value)) strike(row, true);
  document.querySelector("#categories .categories-add")?.focus();
});

// ---- A new category, and its discount ----

document.addEventListener("category-made", (event) => {
  byId("category-new").close();
  picker().querySelector(".category-search").value = "";
  filter();
  tell();
  go(byId(`option-${event.detail.id}`));
});

const percent = () => document.querySelector("[name=discount_percent]");

document.addEventListener("click", (event) => {
  if (!within(event, ".percent-open")) return;
  const entry = byId("category-percent");
  entry.value = percent().value;
  entry.removeAttribute("aria-invalid");
  byId("category-percent-error")?.remove();
  byId("category-calculator").showModal();
});

document.addEventListener("discount-granted", (event) => {
  percent().value = event.detail.percent;
  byId("category-calculator").close();
  requestAnimationFrame(() => (document.querySelector(".percent-more select") ?? percent()).focus());
});
