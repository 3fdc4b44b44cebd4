// Whether what was entered in the drawer may be dropped (#discard): asked before it closes, and it closes by the answer.

export function askBeforeClosing(closing) {
  const dialog = document.getElementById("discard");
  if (!dialog) return;
  closing.preventDefault();
  dialog.returnValue = "";
  dialog.showModal();
}

document.addEventListener(
  "close",
  (event) => {
    if (event.target.id === "discard" && event.target.returnValue === "discard") {
      document.dispatchEvent(new CustomEvent("drawer-close"));
    }
  },
  true,
);
