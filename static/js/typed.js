// What was typed and not sent yet, for what is replaced: it stays, and so does the place of the keyboard.

const isTyped = (field) => {
  if (field.matches("select")) return !field.selectedOptions[0]?.defaultSelected;
  if (field.matches("[type=radio]")) return field.checked && !field.defaultChecked;
  return field.value !== field.defaultValue;
};

// Remembers what is typed inside, and returns what puts it back.
export function typedIn(parent) {
  const fields = [...parent.querySelectorAll("input:not([type=hidden]), textarea, select")];
  const typed = new Map(fields.filter((one) => one.id && isTyped(one)).map((one) => [one.id, one.value]));
  const focused = document.activeElement.id;
  return () => {
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field?.matches("[type=radio]")) field.checked = true;
      else if (field) field.value = value;
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
}
