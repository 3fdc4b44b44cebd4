// What has been pressed in the form of a booking and is not in its answer yet. A second button waits for the answer to the
// first: sent at once it would go without what that brings, and put an end to it.

const booking = () => document.getElementById("booking");
const KEYED = /^[a-z]+:[0-9a-f-]{36}$/;
const labelOf = (button) => button.ariaLabel ?? button.textContent.trim();
let sent = null;
let pressed = null;
let afterwards = null;

export const isAsked = (form) => form.classList.contains("htmx-request");

// The buttons whose answers are still to come, in the order in which they were pressed: [{value, label}].
export const underway = () => [sent?.act, pressed].filter(Boolean);

// One thing at most waits besides the button: the last one.
export function afterAnswer(then) {
  afterwards = then;
}

export function pressAgain(form, { value, label }) {
  const same = [...form.elements].find((one) => one.name === "act" && one.value === value && labelOf(one) === label);
  if (same) return same.click();
  // Of what is gone only what names its thing by a key can still be meant.
  if (!KEYED.test(value)) return;
  const button = Object.assign(document.createElement("button"), { type: "submit", name: "act", value, hidden: true });
  form.append(button);
  button.click();
  button.remove();
}

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("#booking button[type=submit]");
    if (!button?.form || !isAsked(button.form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (button.value) pressed = { value: button.value, label: labelOf(button) };
  },
  true,
);

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id !== "booking") return;
  const button = event.detail.requestConfig.triggeringEvent?.submitter;
  sent = { xhr: event.detail.xhr, act: button?.value ? { value: button.value, label: labelOf(button) } : null };
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (sent?.xhr === event.detail.xhr) sent = null;
  const asker = event.detail.requestConfig.elt;
  if (asker.id !== "booking") return;
  const [button, then] = [pressed, afterwards];
  pressed = afterwards = null;
  const form = booking();
  // Where the answer brought no new form, there is nothing left to press.
  if (!form || form === asker) return;
  if (button) pressAgain(form, button);
  if (!then) return;
  if (isAsked(form)) afterwards = then;
  else then();
});
