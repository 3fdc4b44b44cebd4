// What opens and closes: menus (details), dialogs, the drawer. Each works or is not needed without a script;
// here is what people expect besides: Escape, a click outside, focus back where it was.

const menus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;

  const opener = event.target.closest("[data-opens]");
  if (opener) {
    opener.closest("details.menu")?.removeAttribute("open");
    document.getElementById(opener.dataset.opens)?.showModal();
  }

  // A click on the backdrop lands on the dialog itself, outside its box.
  if (event.target.matches("dialog.dialog:modal")) {
    const box = event.target.getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) event.target.close();
  }

  const closer = event.target.closest("[data-drawer-close]");
  if (closer && closeDrawer()) event.preventDefault();
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  if (event.key === "Escape") {
    const menu = [...menus()].pop();
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (!document.querySelector("dialog:modal") && closeDrawer()) {
      // A question that this key has raised is not answered by it, too.
      event.preventDefault();
    }
    return;
  }
  const menu = event.target.closest?.("details.menu");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!menu || !step) return;
  event.preventDefault();
  menu.open = true;
  const items = [...menu.querySelectorAll(".menu-item")].filter((item) => item.checkVisibility());
  const here = items.indexOf(document.activeElement);
  items[here < 0 ? (step > 0 ? 0 : items.length - 1) : (here + step + items.length) % items.length]?.focus();
});

// The drawer: filled by htmx, so the page behind it never goes away.
let before = null;

// Whoever prevents `drawer-closing` asks first, and closes it by `drawer-close`.
function closeDrawer(asked = false) {
  const drawer = document.querySelector("#drawer > .drawer");
  if (!drawer) return false;
  if (!asked && !document.dispatchEvent(new CustomEvent("drawer-closing", { cancelable: true }))) return true;
  drawer.remove();
  if (before?.isConnected) before.focus();
  before = null;
  document.dispatchEvent(new CustomEvent("drawer-closed"));
  return true;
}

document.addEventListener("drawer-close", () => closeDrawer(true));

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id === "drawer" && !event.target.firstElementChild) before = document.activeElement;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "drawer") return;
  const drawer = event.target.querySelector(".drawer");
  const first = drawer?.querySelector("[autofocus]");
  (first ?? drawer)?.focus();
  // htmx would give it the focus once more when all has settled, and take it from what was pressed meanwhile.
  first?.removeAttribute("autofocus");
});

window.addEventListener("pagehide", () => {
  for (const menu of menus()) menu.open = false;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});
