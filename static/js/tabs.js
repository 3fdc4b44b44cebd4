// The tabs of a section where they do not all fit: the row begins with the page that is shown in its middle.

const row = document.querySelector(".section-tabs");
const current = row?.querySelector("[aria-current]");
if (current) {
  const middle = (one) => one.getBoundingClientRect().left + one.offsetWidth / 2;
  row.scrollLeft += middle(current) - middle(row);
}
