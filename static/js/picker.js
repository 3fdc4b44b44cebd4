// A field that offers cards while somebody types: arrows and Enter choose, Esc closes, a click does too.
// What is chosen stands in the field as text ("Petra Lang (318)"), so that the form needs no script to be understood;
// options that are buttons send their form instead. `data-picker="always"` offers something before a word is typed.

const PICKER = ".picker, .combo";
const popupOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
const optionsOf = (popup) => [...popup.querySelectorAll("[role=option]")];
const activeOf = (popup) => popup.querySelector("[aria-selected=true]");

function activate(input, popup, option) {
  activeOf(popup)?.setAttribute("aria-selected", "false");
  if (option) {
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function close(input) {
  const popup = popupOf(input);
  if (!popup) return;
  activate(input, popup, null);
  popup.hidden = true;
  input.setAttribute("aria-expanded", "false");
}

function choose(input, option) {
  if (option.matches("button")) {
    // The form that it belongs to says what becomes of it.
    close(input);
    option.click();
    return;
  }
  input.value = option.dataset.value;
  close(input);
  popupOf(input).replaceChildren();
  input.focus();
}

document.addEventListener("htmx:afterSwap", (event) => {
  const popup = event.target.closest?.(".picker-popup");
  const input = popup?.closest(PICKER).querySelector("[data-picker]");
  if (!input || document.activeElement !== input) return;
  const options = optionsOf(popup);
  delete popup.dataset.stepped;
  popup.hidden = popup.childElementCount === 0 || (input.dataset.picker !== "always" && input.value.trim() === "");
  input.setAttribute("aria-expanded", String(!popup.hidden && options.length > 0));
  activate(input, popup, popup.hidden ? null : options.find((option) => !option.matches("[data-near]")));
});

document.addEventListener(
  "keydown",
  (event) => {
    const input = event.target.closest?.("[data-picker]");
    const popup = input && popupOf(input);
    if (!popup || event.isComposing) return;
    if (popup.hidden && event.key === "ArrowDown" && input.dataset.picker === "always") {
      event.preventDefault();
      input.dispatchEvent(new CustomEvent("offer"));
      return;
    }
    if (popup.hidden) return;
    const options = optionsOf(popup);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const active = activeOf(popup);
    if (step && options.length) {
      const next = options[(options.indexOf(active) + step + options.length) % options.length];
      // The only hit is chosen already: whoever goes down to it does not slip past it into making something new.
      const stays = !popup.dataset.stepped && step > 0 && active && next.matches("[data-makes]");
      popup.dataset.stepped = "yes";
      if (!stays) activate(input, popup, next);
    } else if (event.key === "Enter" && active) {
      choose(input, active);
    } else if (event.key === "Escape") {
      close(input);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.(".picker-popup [role=option]");
  if (!option) return;
  // The field keeps the focus, so the popup is still there for the click.
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const picker = event.target.closest?.(PICKER);
  const input = picker?.querySelector("[data-picker]");
  if (!input) return;
  const option = event.target.closest("[role=option]");
  if (option && !option.matches("button")) choose(input, option);
  if (event.target.closest("[data-picker-clear]")) {
    input.value = "";
    popupOf(input).replaceChildren();
    close(input);
    input.focus();
  }
});

document.addEventListener("focusout", (event) => {
  const input = event.target.closest?.("[data-picker]");
  if (input && !input.closest(PICKER).contains(event.relatedTarget)) close(input);
});
