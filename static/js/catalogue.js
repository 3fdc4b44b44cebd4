// Catalogue and team: Alt with an arrow moves what has the focus up or down, minutes are added up while they are typed,
// and one box ticks a whole group.

document.addEventListener("keydown", (event) => {
  const direction = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!direction || !event.altKey || event.target.closest("input, select, textarea")) return;
  const button = event.target.closest("[data-movable]")?.querySelector(`[data-move=${direction}]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

function add(box) {
  const sum = box.querySelector("[data-sum]");
  const parts = [...box.querySelectorAll("input")].slice(0, 3).map((input) => Number(input.value) || 0);
  const minutes = parts.reduce((one, other) => one + other, 0);
  if (sum) sum.textContent = parts[1] && minutes ? sum.dataset.sum.replace("…", minutes) : "";
}

function tick(all) {
  const boxes = [...all.closest("[data-checks]").querySelectorAll("input[type=checkbox]:not([data-all])")];
  const ticked = boxes.filter((one) => one.checked).length;
  all.checked = ticked === boxes.length;
  all.indeterminate = ticked > 0 && ticked < boxes.length;
}

document.addEventListener("input", (event) => {
  const minutes = event.target.closest("[data-minutes]");
  if (minutes) add(minutes);
});

document.addEventListener("change", (event) => {
  const group = event.target.closest("[data-checks]");
  if (!group || event.target.type !== "checkbox") return;
  if (event.target.matches("[data-all]")) {
    for (const one of group.querySelectorAll("input[type=checkbox]:not([data-all])")) one.checked = event.target.checked;
  }
  const all = group.querySelector("[data-all]");
  if (all) tick(all);
});

function start(root) {
  root.querySelectorAll("[data-minutes]").forEach(add);
  root.querySelectorAll("[data-all]").forEach(tick);
}

start(document);
document.addEventListener("htmx:afterSettle", (event) => start(event.target));
