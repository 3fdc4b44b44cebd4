// A mail that is read as HTML or as its text: the links lead into its frame by themselves; the one that is shown says so.

document.addEventListener("click", (event) => {
  const part = event.target.closest?.("[data-mail-part]");
  if (!part || event.ctrlKey || event.metaKey || event.shiftKey) return;
  for (const one of part.parentElement.children) one.removeAttribute("aria-current");
  part.setAttribute("aria-current", "true");
});
