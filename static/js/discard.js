// Whether what was entered may be dropped (#discard): asked before the drawer closes or something else takes its place, and
// before the page is left; what was wanted goes on by the answer.

let goOn = null;

const close = () => document.dispatchEvent(new CustomEvent("drawer-close"));

export function askBeforeClosing(event, then = close) {
  const dialog = document.getElementById("discard");
  if (!dialog) return;
  event.preventDefault();
  goOn = then;
  dialog.returnValue = "";
  dialog.showModal();
}

document.addEventListener(
  "close",
  (event) => {
    if (event.target.id === "discard" && event.target.returnValue === "discard") goOn();
  },
  true,
);
