// The text of an automation: the mail beside it follows what is typed, and is shown as whoever is chosen gets it.

const PAUSE = 600;
const form = document.getElementById("automation-form");
const show = document.getElementById("show-preview");
const preview = document.getElementById("automation-preview");
let timer;
let number = 0;

const grow = (frame) => {
  const page = frame.contentDocument?.documentElement;
  if (page) frame.height = Math.max(240, Math.min(page.scrollHeight, 4000));
};

// A new frame takes the place of the old one when it is there: nothing flickers, and "back" leads back.
function refresh() {
  clearTimeout(timer);
  for (const late of preview.querySelectorAll("iframe.coming")) late.remove();
  const old = preview.querySelector("iframe");
  const frame = old.cloneNode();
  frame.removeAttribute("src");
  frame.name = `automation-preview-${(number += 1)}`;
  frame.className = "coming";
  old.after(frame);
  show.formTarget = frame.name;
  frame.addEventListener("load", () => {
    if (frame.contentDocument?.URL === "about:blank") return;
    if (frame.className) {
      old.remove();
      frame.className = "";
    }
    grow(frame);
  });
  form.requestSubmit(show);
}

// What only goes into the preview has not been sent anywhere: the form stays as it is.
form.addEventListener("submit", (event) => {
  if (event.submitter !== show) return clearTimeout(timer);
  setTimeout(() => {
    delete form.dataset.sent;
    show.removeAttribute("aria-busy");
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

const first = preview.querySelector("iframe");
if (first.contentDocument?.readyState === "complete") grow(first);
first.addEventListener("load", () => grow(first));
