// Search that answers while typing: the combobox pattern. The server renders the options, htmx fetches them;
// this module opens and closes the popup and moves the active option. Without it the form is a plain search.

for (const input of document.querySelectorAll("input[data-combobox]")) {
  const form = input.form;
  const popup = document.getElementById(input.getAttribute("aria-controls"));
  const top = form.closest("header");
  let active = null;

  const options = () => [...popup.querySelectorAll("[role=option]")];
  const shown = () => !popup.hidden;

  const activate = (option) => {
    active?.setAttribute("aria-selected", "false");
    active = option ?? null;
    if (active) {
      active.setAttribute("aria-selected", "true");
      active.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", active.id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };

  const close = () => {
    popup.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(null);
  };

  const open = () => {
    popup.hidden = false;
    const all = options();
    input.setAttribute("aria-expanded", String(all.length > 0));
    activate(all[0]);
  };

  // The answer on screen belongs to what is typed now: Enter must never open the hit of an older word.
  const current = () => popup.querySelector("[data-query]")?.dataset.query === input.value.trim();

  const leave = () => {
    close();
    top?.classList.remove("searching");
  };

  input.addEventListener("htmx:configRequest", (event) => {
    if (input.value.trim()) return;
    event.preventDefault();
    popup.replaceChildren();
    close();
  });

  // Slow answers show a skeleton (it appears after 200 ms by its own style).
  input.addEventListener("htmx:beforeSend", () => {
    if (popup.childElementCount) return;
    const skeleton = document.getElementById("search-skeleton");
    if (skeleton) popup.replaceChildren(skeleton.content.cloneNode(true));
  });

  popup.addEventListener("htmx:afterSwap", () => {
    if (form.contains(document.activeElement)) open();
  });

  input.addEventListener("focus", () => {
    if (input.value.trim() && popup.querySelector("[data-query]")) open();
  });

  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const all = options();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      if (!shown()) return open();
      activate(all[(all.indexOf(active) + step + all.length) % all.length]);
    } else if (event.key === "Enter" && shown() && active && current()) {
      event.preventDefault();
      active.click();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (shown()) close();
      else if (input.value) input.value = "";
      else input.blur();
      if (top?.classList.contains("searching")) leave();
    }
  });

  form.addEventListener("submit", (event) => {
    if (!input.value.trim()) event.preventDefault();
  });

  document.querySelector("[data-search-open]")?.addEventListener("click", (event) => {
    event.preventDefault();
    top.classList.add("searching");
    input.focus();
  });

  form.querySelector("[data-search-close]")?.addEventListener("click", leave);

  // Back and forward may bring the page back as it was left: never with an old popup.
  window.addEventListener("pagehide", () => {
    leave();
    popup.replaceChildren();
    input.value = input.defaultValue;
  });
}

// A long list under a search field: arrow down leaves the field for the rows, arrows walk them.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  const field = event.target.closest?.("[data-rows]");
  const rows = field ? document.querySelector(field.dataset.rows) : event.target.closest?.("[data-row-list]");
  if (!rows || (!field && !event.target.matches(".row-link"))) return;
  const links = [...rows.querySelectorAll(".row-link")];
  const next = field ? (step > 0 ? links[0] : null) : links[links.indexOf(event.target) + step];
  const back = field || next || step > 0 ? null : document.querySelector("[data-rows]");
  if (!next && !back) return;
  event.preventDefault();
  (next ?? back).focus();
});
