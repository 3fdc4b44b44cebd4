// Single keys at the desk. A page offers a key by putting data-key on the link, button or field it works;
// while somebody types, or a dialog is open, no key does anything.

const typing = (element) =>
  element instanceof Element && element.closest("input, textarea, select, [contenteditable]:not([contenteditable=false])");

const work = (element) => {
  if (element.matches("input")) {
    if (!element.checkVisibility()) document.querySelector("[data-search-open]")?.click();
    element.focus();
    element.select();
  } else {
    element.click();
  }
};

const offered = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled, [aria-disabled="true"])`);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog:modal")) return;
  const key = event.key.toLowerCase();
  const command = (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && key === "k";
  if (!command && (event.metaKey || event.ctrlKey || event.altKey || typing(event.target))) return;
  const element = offered(command ? "/" : key);
  if (!element) return;
  event.preventDefault();
  work(element);
});

// Esc in an empty search leaves it, so that the single keys work again.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches?.("input[type=search]") && !event.target.value) event.target.blur();
});

// On a touch screen a field that has the focus by itself covers half the page with the keyboard: the list is not for that.
if (matchMedia("(pointer: coarse)").matches) document.querySelector("[data-list-focus]:focus")?.blur();
