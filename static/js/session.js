// Whoever is signed out meanwhile loses nothing: what was entered stays in this page, and goes on once she has signed in
// again in another tab. Where nothing was entered the page gives way to the sign-in. Nobody else comes to see it: as soon
// as another person has signed in, the page is dropped.

import { say } from "./toasts.js";

const LAST = "signed-in";
const PATIENCE = 15_000;
const { user: me, signedIn: address } = document.body.dataset;
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

function tell() {
  out = true;
  say("signed-out");
}

document.addEventListener("htmx:responseError", ({ target, detail }) => {
  if (detail.xhr.status !== 401) return;
  if (!entered()) return leave();
  // What asks by itself tells it once.
  if (!out || !(detail.quiet || target.closest?.("[data-quiet]"))) tell();
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

// A form that htmx does not send takes its page along, whatever becomes of it: it goes as soon as the server has answered
// that she is still signed in. What goes into a frame leaves the page, and outside a salon nobody needs to be signed in.
let asking = false;
let sure = false;

const attribute = (name, form, button) => button?.getAttribute(`form${name}`) ?? form.getAttribute(name) ?? "";
const leads = (form, button) =>
  attribute("method", form, button) === "post" &&
  !attribute("target", form, button) &&
  new URL(attribute("action", form, button), location.href).pathname.startsWith("/s/");

async function ask() {
  try {
    return (await fetch(address, { signal: AbortSignal.timeout(PATIENCE) })).status;
  } catch {
    return 0;
  }
}

function send(form, button) {
  sure = true;
  try {
    form.requestSubmit(button);
  } finally {
    sure = false;
  }
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter: button } = event;
  if (sure || event.defaultPrevented || !address || !leads(form, button)) return;
  event.preventDefault();
  if (asking || !compare()) return;
  asking = true;
  button?.setAttribute("aria-busy", "true");
  const status = await ask();
  button?.removeAttribute("aria-busy");
  asking = false;
  if (status === 204) send(form, button);
  else if (status !== 401) say(status ? "failed" : "offline");
  else if (form.querySelector("input:not([type=hidden]), select, textarea") || entered()) tell();
  else leave();
});
