// The upload page: a file can be dropped onto it, and one that is too large is refused before it is sent.
// Without a script the same form has its plain file field.

const zone = document.querySelector("[data-drop]");
const input = zone?.querySelector("input[type=file]");

if (input) {
  const error = document.getElementById("file-error");
  const chosen = zone.querySelector("[data-chosen]");
  const most = Number(input.dataset.most);

  const look = () => {
    const file = input.files[0];
    const large = Boolean(file && file.size > most);
    error.hidden = !large;
    input.toggleAttribute("aria-invalid", large);
    if (large) input.setAttribute("aria-invalid", "true");
    const megabytes = file ? (file.size / 1_048_576).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 }) : "";
    chosen.textContent = file && !large ? `${file.name} · ${megabytes} MB` : "";
    if (large) input.value = "";
  };

  input.addEventListener("change", look);
  look();

  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("over");
  };
  for (const name of ["dragenter", "dragover"]) document.addEventListener(name, over);
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    input.files = event.dataTransfer.files;
    look();
    input.form.querySelector("[type=submit]").focus();
  });
}
