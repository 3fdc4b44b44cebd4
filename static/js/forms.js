// Forms: the pressed button shows that it works, nothing is sent twice, and a saved form leads on.

import { token } from "./token.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  (event.submitter ?? form.querySelector("button[type=submit]"))?.setAttribute("aria-busy", "true");
});

const ready = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
};

window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(ready));

document.addEventListener(
  "submit",
  (event) => {
    const field = event.target.querySelector("[name=csrfmiddlewaretoken]");
    if (field) field.value = token();
  },
  true,
);

document.addEventListener("htmx:configRequest", (event) => {
  const { parameters, headers } = event.detail;
  if (parameters.csrfmiddlewaretoken) parameters.csrfmiddlewaretoken = token();
  if (headers["X-CSRFToken"]) headers["X-CSRFToken"] = token();
});

// A button that says why it cannot be pressed stays reachable, but does nothing.
document.addEventListener(
  "click",
  (event) => {
    if (event.target.closest?.("[aria-disabled=true]")) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  },
  true,
);

// After an answer with errors the first wrong field has the focus: as soon as it is there, since until it has settled
// somebody quick has already gone on to something else.
document.addEventListener("htmx:afterSwap", (event) => {
  if (!event.target.matches?.("[data-follow]") && !event.target.querySelector?.("[data-follow]")) return;
  (document.querySelector("[data-follow] [aria-invalid=true]") ?? document.querySelector("[data-follow] .notice[tabindex]"))?.focus();
});
