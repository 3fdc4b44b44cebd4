// Whoever leaves a page is asked first while something in a form with `data-asks` is not saved (`data-unsaved`): typed or
// chosen since, or refused just now. A form that is on its way asks nothing.

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-asks]")) form.dataset.unsaved = "yes";
});

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("form[data-asks][data-unsaved]:not([data-sent])")) event.preventDefault();
});
