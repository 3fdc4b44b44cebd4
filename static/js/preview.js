// The mail beside its text, as whoever is chosen gets it: as HTML, as its text, as a phone shows it. What is stored is
// shown, or (`data-typed`) what a form says by now; who is chosen stays in the address.

import { show } from "./frames.js";

const PAUSE = 600;
const preview = document.querySelector("[data-preview]");
const form = document.getElementById(preview?.dataset.typed);
const button = document.getElementById("show-preview");
let timer;
let number = 0;

export function refresh() {
  clearTimeout(timer);
  if (!preview) return;
  const shown = preview.querySelector("[data-part][aria-pressed=true]").dataset.part;
  const part = shown === "text" ? "text" : "html";
  if (form) {
    button.formAction = `${preview.dataset.preview}?part=${part}`;
    show(preview, (frame) => (frame.name = button.formTarget = `mail-preview-${(number += 1)}`));
    form.requestSubmit(button);
  } else {
    const client = preview.querySelector("input[name=client]").value;
    show(preview, (frame) => (frame.src = `${preview.dataset.preview}?${new URLSearchParams({ part, client })}`));
  }
  document.getElementById("preview-lines").dispatchEvent(new CustomEvent("preview-changed"));
}

// What only goes into the preview has not been sent anywhere: the form stays as it is.
form?.addEventListener("submit", (event) => {
  if (event.submitter !== button) return clearTimeout(timer);
  setTimeout(() => {
    delete form.dataset.sent;
    button.removeAttribute("aria-busy");
  });
});

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE);
});

preview?.addEventListener("click", (event) => {
  const part = event.target.closest("[data-part]");
  if (!part) return;
  for (const one of preview.querySelectorAll("[data-part]")) one.setAttribute("aria-pressed", String(one === part));
  preview.classList.toggle("on-phone", part.dataset.part === "phone");
  refresh();
});

preview?.querySelector("[name=as]").addEventListener("focus", (event) => event.target.select());

document.getElementById("preview-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const hit = event.submitter;
  if (!hit?.value) return;
  event.target.querySelector("input[name=client]").value = hit.value;
  event.target.elements.as.value = hit.dataset.name;
  // A test mail goes as the mail is shown.
  for (const one of document.querySelectorAll("[data-shown-client]")) one.value = hit.value;
  for (const one of document.querySelectorAll("[data-shown-name]")) one.textContent = hit.dataset.name;
  const address = new URL(location.href);
  address.searchParams.set("client", hit.value);
  history.replaceState(history.state, "", address);
  refresh();
});

// What was refused stands in the form alone.
if (form && "unsaved" in form.dataset) refresh();
