// The client card: Esc leaves a field's form as it was, and older entries of the history take the focus they are given.

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
  const form = event.target.closest?.("[data-inline]");
  if (form) {
    event.preventDefault();
    form.querySelector("[data-cancel]")?.click();
    return;
  }
  const details = event.target.closest?.(".card-page details[open]:not(.menu)");
  if (!details) return;
  event.preventDefault();
  details.open = false;
  details.querySelector("summary").focus();
});

// A field opened to be changed is marked whole, as a cell of a table would be.
document.addEventListener("htmx:afterSwap", (event) => {
  const field = document.activeElement;
  // What is offered while somebody types comes in beside the field; marking it then would let the next letter replace all.
  if (!event.target.contains(field)) return;
  if (field?.matches("[data-inline] input:is([type=text], [type=tel], [type=email])") && !field.matches("[aria-invalid=true]")) {
    field.select();
  }
});

// A form unfolded by hand leads into its first field.
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.open || !event.target.matches(".card-page details.treatcard-new, :is(#notes, #health) > .note-new")) return;
    event.target.querySelector("input[type=text], textarea")?.focus();
  },
  true,
);

// Who leaves a form of a panel goes on from what has opened it.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.detail.requestConfig?.elt.matches("[data-cancel]")) return;
  if (document.activeElement === document.body) document.querySelector(`#${event.target.id} summary`)?.focus();
});

let last = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id === "history-more") last = event.target.previousElementSibling;
});

document.addEventListener("htmx:afterSettle", () => {
  const first = last?.isConnected ? last.nextElementSibling : null;
  last = null;
  if (!first) return;
  first.tabIndex = -1;
  first.focus();
});

// What comes anew just as it stands there stays: whoever is about to press it does.
const written = (one) => one?.outerHTML.replaceAll(/(name="csrfmiddlewaretoken" value=)"[^"]*"/g, "$1");

document.addEventListener("htmx:oobBeforeSwap", ({ target, detail }) => {
  if (written(detail.fragment.firstElementChild) === written(target)) detail.shouldSwap = false;
});
