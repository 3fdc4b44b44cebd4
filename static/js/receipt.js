// Prints what the page shows.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
