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
