// The text of an automation: the mail beside it follows what is typed, and is shown as whoever is chosen gets it.

import { show } from "./frames.js";

const PAUSE = 600;
const form = document.getElementById("automation-form");
const button = document.getElementById("show-preview");
const preview = document.getElementById("automation-preview");
let timer;
let number = 0;

function refresh() {
  clearTimeout(timer);
  show(preview, (frame) => (frame.name = button.formTarget = `automation-preview-${(number += 1)}`));
  form.requestSubmit(button);
}

// What only goes into the preview has not been sent anywhere: the form stays as it is.
form.addEventListener("submit", (event) => {
  if (event.submitter !== button) return clearTimeout(timer);
  setTimeout(() => {
    delete form.dataset.sent;
    button.removeAttribute("aria-busy");
  });
});

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE);
});

document.getElementById("preview-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!event.submitter?.value) return;
  form.elements.client.value = event.submitter.value;
  event.target.elements.as.value = event.submitter.dataset.name;
  refresh();
});

for (const part of preview.querySelectorAll("[data-show]")) {
  part.addEventListener("click", () => {
    for (const one of preview.querySelectorAll("[data-show]")) one.setAttribute("aria-pressed", String(one === part));
    form.elements.part.value = part.dataset.show;
    refresh();
  });
}
