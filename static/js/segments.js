// The builder of a segment: conditions and groups are dragged by their handle or moved with Alt and the arrows, lists of
// what can be asked and of values are narrowed while somebody types, and the words between conditions follow how they are joined. The server does the rest.

const form = document.getElementById("segment-form");

// What was added, moved or removed is as little saved as what is typed; shown anew, nothing is marked any more.
document.body.addEventListener("built", () => {
  form.dataset.unsaved = "yes";
  document.querySelector("[data-of-rule]")?.remove();
});

// The number that a new condition begins with goes as soon as somebody types another.
form?.addEventListener("focusin", (event) => event.target.matches(".rule-number [autofocus]") && event.target.select());

// What Alt with an arrow opens, or narrows a list with.
const OPENED = "select, input[type=date], input[list], [data-narrow], summary.input";

// Alt with an arrow moves the condition or group that has the focus, the innermost one.
form?.addEventListener("keydown", (event) => {
  const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!way || !event.altKey || event.target.closest(OPENED)) return;
  const part = event.target.closest(".rule-part");
  const button = part?.querySelector(`:scope > * > :is(.rule-line, .rule-ask) [data-move=${way}]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// As the server folds what is searched (salon/folding.py): Müller, MUELLER and muller are the same.
const fold = (text) =>
  text
    .toLocaleLowerCase()
    .replaceAll("ß", "ss")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/([aou])e/g, "$1");

function narrow(input) {
  const panel = input.closest(".menu-panel");
  const words = fold(input.value).split(/\s+/).filter(Boolean);
  const found = [];
  for (const one of panel.querySelectorAll(".check, .menu-item")) {
    const text = fold(one.textContent);
    one.hidden = !words.every((word) => text.includes(word));
    one.classList.remove("enters");
    if (!one.hidden) found.push(one);
  }
  for (const section of panel.querySelectorAll(".rule-menu")) section.hidden = !section.querySelector(".menu-item:not([hidden])");
  const hits = panel.querySelector("[data-hits]");
  if (!hits) return;
  if (words.length) found[0]?.classList.add("enters");
  // Whoever does not see the list hears what is left of it.
  hits.classList.toggle("visually-hidden", found.length > 0);
  hits.textContent = found.length ? (words.length ? found.map((one) => one.textContent.trim()).join(", ") : "") : hits.dataset.none;
}

// Looking for something asks for nothing yet, so nobody else hears of it.
form?.addEventListener(
  "input",
  (event) => {
    if (!event.target.matches("[data-narrow]")) return;
    event.stopPropagation();
    narrow(event.target);
  },
  true,
);

// The menu of what can be asked opens whole and ready to be typed into; a finger gets no keyboard in front of it.
form?.addEventListener(
  "toggle",
  (event) => {
    const input = event.target.matches(".rule-add") && event.target.querySelector("[data-narrow]");
    if (!input || !event.target.open) return;
    input.value = "";
    narrow(input);
    if (matchMedia("(hover: hover)").matches) input.focus();
  },
  true,
);

form?.addEventListener("keydown", (event) => {
  const item = event.target.closest(".rule-add .menu-item");
  if (item && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
    // What is typed goes on in the field.
    item.closest(".menu-panel").querySelector("[data-narrow]").focus();
  } else if (event.key === "Enter" && !event.isComposing && event.target.matches("[data-narrow]")) {
    // In a list of values Enter chooses nothing, and saves nothing either.
    event.preventDefault();
    event.target.closest(".menu-panel").querySelector(".menu-item.enters")?.click();
  }
});

form?.addEventListener("input", (event) => {
  const { target } = event;
  if (target.matches("[name^='ask:']")) {
    const parts = target.closest(".rule-group").querySelector(":scope > .rule-parts");
    const word = ["all", "not_all"].includes(target.value) ? parts.dataset.and : parts.dataset.or;
    for (const joint of parts.querySelectorAll(":scope > .rule-part > .rule-joint")) joint.textContent = word;
  } else if (target.closest(".rule-options")) {
    const list = target.closest(".rule-list");
    const chosen = [...list.querySelectorAll("input:checked")].map((box) => box.closest("label").textContent.trim());
    const shown = list.querySelector("[data-chosen]");
    shown.textContent = chosen.join(", ") || shown.dataset.none;
  }
});

// What is not right with a value is said beside it, too, as soon as it is counted; what is only missing is no error yet.
function tell(outcome) {
  // Where all of it can be counted, nothing of it is in the way of saving any more.
  if (!outcome.querySelector("[data-lack]")) document.querySelector("[data-of-rule]")?.remove();
  for (const error of form.querySelectorAll(".rule-condition > .field-error")) {
    const lack = outcome.querySelector(`[data-lack="${error.id.slice("wrong-".length)}"]`);
    const words = lack?.querySelector("[data-words]")?.textContent ?? "";
    // What a refused saving has said stays until it is mended.
    if (lack && !words && !error.dataset.live) continue;
    error.querySelector("span").textContent = words;
    error.hidden = !words;
    error.toggleAttribute("data-live", true);
    error.closest(".rule-part").classList.toggle("wrong", Boolean(words));
    const wrong = lack?.dataset.fields.split(" ") ?? [];
    for (const input of error.parentElement.querySelectorAll(".rule-asked [name]")) {
      if (words && wrong.includes(input.name)) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
}
document.addEventListener("htmx:afterSwap", (event) => event.target.id === "outcome" && tell(event.target));

// Whom it means stands once on the screen: in its panel, or where that is out of sight as a number.
const panel = document.querySelector(".segment-outcome");
const watch = ([seen]) => form.classList.toggle("outcome-seen", seen.isIntersecting);
// So high is the panel down to below its number; the bar with it hides less than that.
const NUMBER = 60;
let observer = null;
function observe() {
  observer?.disconnect();
  // Below the bar stands the navigation of a phone.
  const below = Number.parseFloat(getComputedStyle(document.getElementById("outcome-bar")).bottom) || 0;
  observer = new IntersectionObserver(watch, { rootMargin: `0px 0px -${below + NUMBER}px` });
  observer.observe(panel);
}
if (panel) {
  observe();
  addEventListener("resize", observe);
}

// Dragging: the place nearest to the pointer, in whatever group.
let drag = null;

const clear = () => {
  for (const one of form.querySelectorAll(".drop-before, .drop-after, .drop-in")) one.classList.remove("drop-before", "drop-after", "drop-in");
};

function places(part) {
  const found = [];
  for (const list of form.querySelectorAll(".rule-parts")) {
    // No group fits into the innermost ones.
    if (part.contains(list) || (part.matches(".of-group") && "deepest" in list.dataset)) continue;
    const parts = [...list.children].filter((one) => one.matches(".rule-part"));
    parts.forEach((one, number) => {
      const box = one.getBoundingClientRect();
      if (number === 0) found.push({ list, number, y: box.top, x: box.left, mark: [one, "drop-before"] });
      found.push({ list, number: number + 1, y: box.bottom, x: box.left, mark: [one, "drop-after"] });
    });
    if (!parts.length) {
      const box = list.getBoundingClientRect();
      found.push({ list, number: 0, y: (box.top + box.bottom) / 2, x: box.left, mark: [list, "drop-in"] });
    }
  }
  return found;
}

form?.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button) return;
  event.preventDefault();
  drag = { part: grip.closest(".rule-part"), from: event.clientY, at: null, pointer: event.pointerId, begun: false };
  grip.setPointerCapture(event.pointerId);
});

form?.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  if (!drag.begun && Math.abs(event.clientY - drag.from) < 6) return;
  if (!drag.begun) {
    drag.begun = true;
    drag.part.classList.add("dragged");
    document.documentElement.classList.add("dragging");
  }
  const away = (one) => Math.abs(one.y - event.clientY) + Math.abs(one.x - event.clientX) / 100;
  drag.at = places(drag.part).reduce((best, one) => (away(one) < away(best) ? one : best));
  clear();
  drag.at.mark[0].classList.add(drag.at.mark[1]);
  const margin = 80;
  if (event.clientY < margin) window.scrollBy(0, -12);
  else if (event.clientY > innerHeight - margin) window.scrollBy(0, 12);
});

function end(put) {
  if (!drag) return;
  const { part, at, begun } = drag;
  drag = null;
  clear();
  part.classList.remove("dragged");
  document.documentElement.classList.remove("dragging");
  if (!put || !begun || !at) return;
  const button = document.getElementById("rule-put");
  button.value = `put:${part.dataset.part}:${at.list.dataset.group}:${at.number}`;
  button.click();
}

form?.addEventListener("pointerup", () => end(true));
form?.addEventListener("pointercancel", () => end(false));
document.addEventListener("keydown", (event) => event.key === "Escape" && end(false));
