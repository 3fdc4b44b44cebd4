// An automation: the sentence that its days stand in reads properly with one, too; what cannot go out as it is typed is
// told with the preview.

import { tellErrors } from "./field_errors.js";

const days = document.getElementById("id_days");
const after = document.getElementById("days-after");

days.addEventListener("input", () => {
  after.textContent = days.value === "1" ? after.dataset.one : after.dataset.many;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "preview-lines") tellErrors(days.form);
});
