// The till: a scanner's Enter takes what it has typed, taps on plus and minus are counted together, the button says
// what it will take, dialogs open over the page. Without a script every button does the same by itself.

const language = document.documentElement.lang;
const touch = matchMedia("(pointer: coarse)");

// A list of hits belongs to an older word as long as the answer to the newer one is on its way: Enter takes what stands
// in the field then, not what is marked. Before the picker hears of the key.
window.addEventListener(
  "keydown",
  (event) => {
    const field = event.target.closest?.("[data-scan]");
    if (!field || event.key !== "Enter" || event.isComposing) return;
    const shown = document.getElementById(field.getAttribute("aria-controls")).querySelector("[data-query]");
    if (shown?.dataset.query === field.value.trim() && field.value.trim()) return;
    event.preventDefault();
    event.stopPropagation();
    if (field.value.trim()) field.form.querySelector(".default-submit").click();
  },
  true,
);

// A scanner types digits wherever the focus is: they go into its field. Letters are keys of the page.
document.addEventListener("keydown", (event) => {
  const field = document.querySelector("[data-scan]");
  if (!field || !/^\d$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog:modal")) return;
  field.value = "";
  field.focus({ preventScroll: true });
});

// Taps follow each other faster than answers: the number runs ahead, and is sent once, when the hand has come to rest.
const waiting = new Map();

function count(button) {
  const line = button.closest("[data-line]");
  const shown = line?.querySelector("[data-count]");
  if (!shown) return false;
  const units = Math.min(Math.max(Number(shown.textContent) + Number(button.dataset.step), 1), 999);
  shown.textContent = units;
  line.classList.add("counting");
  clearTimeout(waiting.get(line.id)?.timer);
  waiting.set(line.id, { units, timer: setTimeout(() => send(line.id), 350) });
  return true;
}

function send(id) {
  const { units } = waiting.get(id) ?? {};
  const form = document.querySelector(`#${CSS.escape(id)} .till-count`);
  if (!form || !units) return waiting.delete(id);
  if (form.closest(".htmx-request") || under.size) {
    waiting.get(id).timer = setTimeout(() => send(id), 120);
    return undefined;
  }
  waiting.delete(id);
  const values = { act: `set:${id.replace("line-", "")}`, quantity: units };
  return htmx.ajax("POST", form.getAttribute("hx-post"), { source: form, target: "#till", swap: "outerHTML", values });
}

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("[data-step]");
    if (!button || !count(button)) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

// What the till waits for; several things at once are done one after the other.
const under = new Set();
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "till") under.add(event.detail.xhr);
});
document.addEventListener("htmx:afterRequest", (event) => under.delete(event.detail.xhr));

// An answer that comes while somebody goes on counting does not take it back.
function countAgain() {
  for (const [id, { units }] of waiting) {
    const shown = document.querySelector(`#${CSS.escape(id)} [data-count]`);
    if (shown) shown.textContent = units;
  }
}

// Amounts in cents, as nothing is lost in them.
function centsIn(text) {
  const found = /^(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:[.,](\d{1,2}))?\s*€?$/.exec(text.trim());
  return found ? Number(found[1].replaceAll(".", "")) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : null;
}

const words = (cents) =>
  `${(cents / 100).toLocaleString(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 })}\u00a0€`;
const typed = (cents) => (cents / 100).toFixed(2).replace(".", (1.5).toLocaleString(language).charAt(1));

function tell(form) {
  const due = Number(form.dataset.due);
  const cents = centsIn(form.elements.amount.value);
  const says = cents === null || cents === 0 ? form.dataset.plain : cents === due ? form.dataset.all : form.dataset.part;
  form.querySelector("[data-take]").textContent = says.replace("{amount}", words(cents ?? 0));
  for (const chip of form.querySelectorAll("[data-quick] button")) {
    chip.setAttribute("aria-pressed", cents !== null && cents === chipCents(chip, due));
  }
}

const chipCents = (chip, due) => (chip.dataset.share ? Math.ceil(due / Number(chip.dataset.share)) : centsIn(chip.dataset.amount));

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-pay]");
  if (form) tell(form);
  const back = event.target.closest?.("[data-refund]");
  if (back) sum(back);
});

document.addEventListener("click", (event) => {
  const chip = event.target.closest?.("[data-quick] button");
  if (chip) {
    const form = chip.form;
    form.elements.amount.value = typed(chipCents(chip, Number(form.dataset.due)));
    tell(form);
  }
  // The number of the other till's receipt is what is asked for next.
  const method = event.target.closest?.(".till-pay .till-method input");
  if (method?.value === "EXTERNAL_TILL") document.getElementById("reference").focus();
});

// Giving back: the sum of what is chosen.
function sum(form) {
  let cents = 0;
  for (const line of form.querySelectorAll("[data-back]")) {
    const units = Math.min(Number(line.querySelector("input").value) || 0, Number(line.querySelector("input").dataset.most));
    cents += Number(line.dataset.back.split(" ")[units - 1] ?? 0);
  }
  form.querySelector("[data-back-sum]").textContent = words(cents);
  form.querySelector("[data-back-ways]").textContent = asItCame(JSON.parse(form.dataset.ways), cents);
}

// So much of what was paid, what came first before the rest: each way once, with its sum.
function asItCame(ways, cents) {
  const sums = new Map();
  for (const [method, most] of ways) {
    const part = Math.min(most, cents);
    cents -= part;
    if (part) sums.set(method, (sums.get(method) ?? 0) + part);
  }
  return [...sums].map(([method, sum]) => `${words(sum)} (${method})`).join(", ");
}

function giveBack(input, units) {
  input.value = Math.min(Math.max(units, 0), Number(input.dataset.most));
  sum(input.form);
}

document.addEventListener("click", (event) => {
  const step = event.target.closest?.("[data-back-step]");
  if (step) {
    const input = step.parentElement.querySelector("input");
    giveBack(input, (Number(input.value) || 0) + Number(step.dataset.backStep));
  }
  const all = event.target.closest?.("[data-back-all]");
  if (all) for (const input of all.form.querySelectorAll("[data-most]")) giveBack(input, Number(input.dataset.most));

  const opener = event.target.closest?.("a[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    show(dialog);
  }
});

function show(dialog) {
  dialog.close();
  dialog.showModal();
  const form = dialog.querySelector("[data-refund]");
  if (form) sum(form);
}

// What is paid is taken back another way: what offers to undo a step before that goes.
function forgetUndone() {
  if (document.getElementById("pay")) return;
  for (const form of document.querySelectorAll('.toast form[hx-target="#till"]')) form.closest(".toast").remove();
}

function start() {
  const form = document.querySelector("[data-pay]");
  if (form) tell(form);
  const dialog = document.querySelector("dialog[data-modal]");
  if (dialog) {
    delete dialog.dataset.modal;
    show(dialog);
  }
  // On a touch screen a field that has the focus by itself covers half the page with the keyboard.
  if (touch.matches) document.querySelector("[data-scan]:focus:not([aria-invalid]), #client-q:focus")?.blur();
}

start();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "till") return;
  countAgain();
  forgetUndone();
  start();
});

// One amount at a time is entered: an open menu takes it.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches?.(".till-amount, .till-edit, .till-mail") && event.target.open) {
      const field = event.target.querySelector("input:not([type=hidden], [readonly])");
      field?.focus();
      field?.select();
    }
  },
  true,
);
