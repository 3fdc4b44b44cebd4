// Toasts go after ten seconds, wait while somebody points at them or has the focus in them, and stay when they tell of a failure.
// Also here: what to say when a request of htmx fails.

const region = document.getElementById("toasts");
const LASTS = 10_000;

function start(toast) {
  if (toast.dataset.started) return;
  toast.dataset.started = "yes";
  toast.querySelector("[data-toast-close]")?.addEventListener("click", () => toast.remove());
  if (toast.matches(".danger")) return;
  let timer = 0;
  const run = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), LASTS);
  };
  const wait = () => clearTimeout(timer);
  const on = (names, action) => names.forEach((name) => toast.addEventListener(name, action));
  on(["pointerenter", "focusin"], wait);
  on(["pointerleave", "focusout"], () => {
    if (!toast.matches(":hover, :focus-within")) run();
  });
  run();
}

// One thing has one message, the last; where there is little room there is one message altogether.
const about = (toast) => toast.dataset.about ?? /[0-9a-f-]{36}/.exec(toast.querySelector("form")?.getAttribute("action"))?.[0];
const narrow = matchMedia("(width < 640px)");

function supersede(fresh) {
  const same = new Set(fresh.map(about).filter(Boolean));
  for (const old of region.querySelectorAll(".toast[data-started]:not(.danger)")) {
    if (!fresh.includes(old) && (narrow.matches || same.has(about(old)))) old.remove();
  }
}

if (region) {
  // Texts that were there from the start are not read out: put them in once more.
  const first = [...region.children];
  region.replaceChildren();
  setTimeout(() => region.append(...first), 60);

  new MutationObserver((changes) => {
    const fresh = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.(".toast"));
    if (fresh.length) supersede(fresh);
    fresh.forEach(start);
  }).observe(region, { childList: true });
}

export function say(name) {
  const template = document.getElementById(`say-${name}`);
  if (!region || !template) return;
  region.querySelector(`[data-said="${name}"]`)?.remove();
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.dataset.said = name;
  region.append(toast);
}

// What asks by itself every minute (data-quiet) fails without a word: nobody has done anything.
const asked = (event) => !event.target.closest?.("[data-quiet]");

document.addEventListener("htmx:sendError", (event) => asked(event) && say("offline"));
document.addEventListener("htmx:timeout", (event) => asked(event) && say("offline"));
document.addEventListener("htmx:responseError", (event) => {
  if (!asked(event)) return;
  const status = event.detail.xhr.status;
  // Signed out: see session.js.
  if (status !== 401) say({ 403: "forbidden", 429: "busy" }[status] ?? "failed");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.successful) return;
  region?.querySelector("[data-said=offline]")?.remove();
  // What a toast offered to take back is taken back.
  event.target.closest?.(".toast")?.remove();
});
