// An open sale follows what is done to it at another tablet. What somebody is just doing is left alone: were it too late
// for it, she is told when she sends it.

import { asked, follow } from "./following.js";
import { typedIn } from "./typed.js";

// Beside a refusal stands what was entered.
const BUSY =
  "details.menu[open], .till-edit[open], dialog[open], [role=listbox]:not([hidden]), .new-client, [role=alert], .counting, .htmx-request";

const till = () => document.getElementById("till");
const isBusy = (sale) =>
  sale.matches(".htmx-request") ||
  sale.querySelector(BUSY) ||
  [...sale.querySelectorAll("[role=combobox]")].some((field) => field.value !== field.defaultValue);

async function ask() {
  const sale = till();
  const { tag, url } = sale.dataset;
  if (!tag || isBusy(sale)) return;
  const fresh = await asked(url, tag, { "HX-Target": "till" });
  // Meanwhile an answer may have come, or a hand.
  if (!fresh || sale !== till() || isBusy(sale)) return;
  const putBack = typedIn(sale);
  window.htmx.swap("#till", fresh.text, { swapStyle: "outerHTML" });
  putBack();
  document.getElementById("amount")?.dispatchEvent(new Event("input", { bubbles: true }));
}

follow(ask);
