// Whoever leaves a page, or closes the drawer, is asked first while something in a form with `data-asks` there is not
// saved (`data-unsaved`): typed or chosen since, or refused just now. A form that is on its way asks nothing, nor does a
// link that says it discards (`data-discards`).

import { askBeforeClosing } from "./discard.js";

const UNSAVED = "form[data-asks][data-unsaved]";
const unsaved = () => document.querySelector(`${UNSAVED}:not([data-sent])`);
let leaving = false;

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-asks]")) form.dataset.unsaved = "yes";
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.matches("[target=_blank], [download], [data-drawer-close]") || !link.protocol.startsWith("http")) return;
  if (link.hash && link.href.split("#")[0] === location.href.split("#")[0]) return;
  if (link.matches("[data-discards]")) leaving = true;
  else if (unsaved()) {
    askBeforeClosing(event, () => {
      leaving = true;
      location.assign(link.href);
    });
  }
});

window.addEventListener("beforeunload", (event) => {
  if (!leaving && unsaved()) event.preventDefault();
});

window.addEventListener("pageshow", () => {
  leaving = false;
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

// What was sent and leads on is saved, wherever to; what was only asked for need not be.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { elt, verb } = event.detail.requestConfig;
  const form = elt.closest("form[data-asks]");
  if (form && verb !== "get" && event.detail.xhr.getResponseHeader("HX-Redirect")) delete form.dataset.unsaved;
});
