// Where a campaign begins: what is entered already goes along to another text.

const form = document.querySelector(".campaign-start form");

document.querySelector(".beginnings").addEventListener("click", ({ target }) => {
  const link = target.closest("a");
  if (!link) return;
  const url = new URL(link.href);
  const { name } = form.elements;
  if (name.value !== name.defaultValue) url.searchParams.set("name", name.value);
  const group = form.querySelector("[name=segment]:checked");
  if (group && !group.defaultChecked) url.searchParams.set("segment", group.value);
  link.href = url.href;
});
