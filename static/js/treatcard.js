// Treatcard: the example follows what is typed, the standard is filled in, rewards are marked, forms open as dialogs.

const language = document.documentElement.lang;
const SPENT = { services: 100, products: 50 };
const TREAT = 350;

const shown = (number) => number.toLocaleString(language, { maximumFractionDigits: 2 });

const MOST = 100_000;

// In hundredths, as nothing is lost in them; null of what cannot be saved.
function hundredths(text) {
  const found = /^(\d{1,4})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  const rate = found && Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
  return rate > MOST ? null : rate;
}

function tell(example) {
  const rates = {};
  for (const kind of Object.keys(SPENT)) {
    rates[kind] = hundredths(document.querySelector(`[data-rate=points_per_euro_${kind}]`).value);
    example.querySelector(`[data-part=${kind}]`).textContent = rates[kind] === null ? "–" : shown((SPENT[kind] * rates[kind]) / 100);
  }
  if (Object.values(rates).includes(null)) {
    example.querySelector("[data-total]").textContent = "–";
    example.querySelector("[data-reach]").textContent = "";
    return;
  }
  const total = Math.floor((SPENT.services * rates.services + SPENT.products * rates.products) / 100);
  const words = total === 1 ? example.dataset.one : example.dataset.many;
  example.querySelector("[data-total]").textContent = words.replace("{points}", shown(total));
  const kind = rates.services ? (rates.products ? "both" : "services") : rates.products ? "products" : "none";
  const needed = (rate) => (rate ? shown(Math.ceil((TREAT * 100) / rate)) : "");
  example.querySelector("[data-reach]").textContent = example.dataset[kind]
    .replace("{services}", needed(rates.services))
    .replace("{products}", needed(rates.products));
}

const example = document.querySelector("[data-example]");
if (example) tell(example);

document.addEventListener("input", (event) => {
  if (example && event.target.matches("[data-rate]")) tell(example);
  if (event.target.matches("[data-reward] [name=points]")) event.target.closest("form").dataset.typed = "yes";
});

// What a reward usually costs is there as soon as it is known what it consists of, unless somebody typed something else.
const standard = (form) => form.querySelector("[name=item]")?.selectedOptions[0]?.dataset.standard ?? form.dataset.standard;

function fill(form) {
  const points = form.querySelector("[name=points]");
  if (standard(form) === undefined) return form.querySelector("[name=item]").focus();
  points.value = standard(form) === "0" ? "" : standard(form);
  delete form.dataset.typed;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-reward] [name=item]")) {
    const form = event.target.closest("form");
    const hint = form.querySelector("#reward_points_helptext");
    hint.dataset.first ??= hint.textContent;
    hint.textContent = event.target.selectedOptions[0].dataset.words ?? hint.dataset.first;
    if (!form.dataset.typed && standard(form) !== undefined) fill(form);
  }
  const marking = event.target.closest("[data-marking]");
  if (marking) mark(marking, event.target);
});

document.addEventListener("click", (event) => {
  const use = event.target.closest("[data-use]");
  if (use) {
    event.preventDefault();
    fill(use.form);
  }
  const dialog = event.target.closest("[data-dialog-close]")?.closest("dialog");
  if (dialog) {
    event.preventDefault();
    dialog.close();
  }
});

function mark(form, changed) {
  const boxes = [...form.querySelectorAll("[name=reward]")];
  const all = form.querySelector("[data-all]");
  if (changed === all) for (const box of boxes) box.checked = all.checked;
  const many = boxes.filter((box) => box.checked).length;
  all.checked = many === boxes.length;
  all.indeterminate = many > 0 && many < boxes.length;
  const words = form.querySelector("[data-marked]");
  words.textContent = many ? words.dataset.some.replace("{count}", many) : words.dataset.none;
  form.querySelector("[data-act]").setAttribute("aria-disabled", many === 0);
}

function markAll() {
  for (const form of document.querySelectorAll("[data-marking]")) mark(form, null);
}

markAll();
// The browser remembers what was marked when somebody comes back to the page.
window.addEventListener("pageshow", markAll);

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "reward-dialogs") event.target.querySelector("dialog")?.showModal();
});
