// Copies a field's text by the button that names it; without a clipboard there is no button.
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
    button.querySelector("span").textContent = button.dataset.done;
  } catch (error) {
    // The browser may refuse it; what is selected can be copied by hand.
    if (!(error instanceof DOMException)) throw error;
    field.select();
  }
});
