// What an answer says beside the fields of a form holds for the fields themselves, too.

export function tellErrors(form) {
  for (const error of form.querySelectorAll("p.field-error[id$=_error]")) {
    const field = document.getElementById(error.id.replace(/_error$/, ""));
    if (!field) continue;
    if (error.hidden) field.removeAttribute("aria-invalid");
    else field.setAttribute("aria-invalid", "true");
  }
}
