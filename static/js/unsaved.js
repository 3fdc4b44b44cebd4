// Whoever leaves a page, or closes the drawer, is asked first while something in a form with `data-asks` there is not
// saved (`data-unsaved`): typed or chosen since, or refused just now. A form that is on its way asks nothing.

import { askBeforeClosing } from "./discard.js";

const UNSAVED = "form[data-asks][data-unsaved]";

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-asks]")) form.dataset.unsaved = "yes";
});

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector(`${UNSAVED}:not([data-sent])`)) event.preventDefault();
});

document.addEventListener("drawer-closing", (event) => {
  if (document.querySelector(`#drawer ${UNSAVED}`)) askBeforeClosing(event);
});

// Nothing else comes into the drawer in its place: what was typed is there to go on with.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, elt } = event.detail;
  const form = target?.id === "drawer" && document.querySelector(`#drawer ${UNSAVED}`);
  if (!form || form.contains(elt)) return;
  event.preventDefault();
  form.closest(".drawer").focus();
});

// What leads back to the page that it was sent from is saved; what leads to another, such as to sign in, need not be.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const to = event.detail.xhr.getResponseHeader("HX-Redirect");
  const form = event.detail.requestConfig.elt.closest("form[data-asks]");
  if (form && to && new URL(to, location.href).pathname === location.pathname) delete form.dataset.unsaved;
});
