// Whoever is signed out meanwhile loses nothing: what was entered stays in this page, and goes on once she has signed in
// again in another tab. Where nothing was entered the page gives way to the sign-in. Nobody else comes to see it: as soon
// as another person has signed in, the page is dropped.

import { say } from "./toasts.js";

const LAST = "signed-in";
const me = document.body.dataset.user;
const typed = new Set();
let out = false;

// Not `form.method`: a field may have that name.
document.addEventListener("input", ({ target: { form } }) => {
  if (form?.getAttribute("method") === "post") typed.add(form);
});

// What a form has given up for a fresh one with the same entries asks before the page is left.
const asks = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
const entered = () => [...typed].some((form) => form.isConnected) || asks();
const leave = () => location.replace(location.pathname + location.search);

document.addEventListener("htmx:responseError", ({ target, detail }) => {
  if (detail.xhr.status !== 401) return;
  if (!entered()) return leave();
  // What asks by itself tells it once.
  if (out && (detail.quiet || target.closest?.("[data-quiet]"))) return;
  out = true;
  say("signed-out");
});

function compare() {
  const last = localStorage.getItem(LAST)?.split(" ")[0];
  if (last === me) return true;
  document.body.replaceChildren();
  leave();
  return false;
}

if (me) {
  localStorage.setItem(LAST, `${me} ${Date.now()}`);
  window.addEventListener("storage", ({ key }) => {
    if (key !== LAST || !compare() || !out) return;
    out = false;
    document.querySelector("[data-said=signed-out]")?.remove();
    say("signed-in");
  });
  window.addEventListener("pageshow", compare);
  document.addEventListener("visibilitychange", () => document.hidden || compare());
}
