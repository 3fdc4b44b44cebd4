// A campaign: its draft saves itself while it is written, the mail beside it follows, placeholders go in at the cursor.

import { tellErrors } from "./field_errors.js";
import { refresh } from "./preview.js";

const PAUSE = 900;
const form = document.querySelector("form[data-autosave]");
const state = () => document.getElementById("draft-state");
// The version that the mail beside it shows.
let shown = state()?.dataset.version;
let timer;
// How often something was typed, and how much of that has been sent.
let typed = 0;
let sent = 0;
// The name that was sent last.
const named = document.getElementById("id_name");
let called = named?.value;

// While two texts stand side by side, nothing is saved until somebody has chosen one.
const contested = () => Boolean(document.querySelector("#draft-conflict > *"));

function save() {
  clearTimeout(timer);
  timer = undefined;
  if (!contested()) form.dispatchEvent(new CustomEvent("draft-typed"));
}

form?.addEventListener("input", () => {
  typed += 1;
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
});
form?.addEventListener("change", (event) => {
  // A group as it was once chosen is given up with the first other choice: nothing keeps it then.
  if (event.target.id === "id_segment" && event.target.value !== "kept") {
    event.target.querySelector("option[value=kept]")?.remove();
    document.getElementById("segment-since")?.remove();
  }
  // So is a basis that does not hold any more.
  if (event.target.name === "basis" && event.target.value === "CONSENT") document.getElementById("basis-gone")?.remove();
  if (event.target.matches("select, [type=radio]")) save();
});
form?.addEventListener("submit", () => clearTimeout(timer));
form?.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "post") return;
  sent = typed;
  called = named.value;
});

// Nothing came of it: signed out, or no connection. What is typed next tries again.
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  form?.addEventListener(name, (event) => {
    if (event.target !== form) return;
    delete state().dataset.saved;
    state().lastElementChild.textContent = state().dataset.failed;
  });
}

// A subject is as long as a client reads it: the lines above the mail show it filled in, as it was when it was sent there;
// until they come anew, other words count at once.
const words = document.querySelector("[data-counts]");
const subject = document.getElementById(words?.dataset.counts);
const unfilled = () => subject.value.replace(/\{\{[^{}]*\}\}/g, "").length;
let asked = subject && unfilled();
let filled = 0;

document.addEventListener("htmx:configRequest", (event) => {
  const tells = form ? event.target === form && event.detail.verb === "post" : event.target.id === "preview-lines";
  if (subject && tells) asked = unfilled();
});

function count() {
  const { value, maxLength } = subject;
  const many = value ? Math.max(0, unfilled() + filled) : 0;
  const told = value.length >= maxLength ? words.dataset.full : many > 50 ? words.dataset.long : words.dataset.words;
  words.textContent = told.replace("{count}", many);
}

function measure() {
  if (!subject) return;
  const seen = document.querySelector("#preview-lines [data-shown-subject]")?.textContent ?? "";
  filled = seen.length - asked;
  count();
}
subject?.addEventListener("input", count);
measure();

document.addEventListener("htmx:afterSwap", (event) => {
  // A name that nobody has typed follows the group, before the next saving takes the old one for typed.
  const name = event.target.id === "draft-state" && event.target.dataset.name;
  if (form && name && named.value === called) named.value = called = name;
  if (event.target.id === "preview-lines") measure();
  if (["mail-dialogs", "picture-place"].includes(event.target.id)) event.target.querySelector("dialog")?.showModal();
});

// A picture stands in a paragraph of its own.
let began = false;
document.getElementById("id_body")?.addEventListener("focus", () => (began = true));
document.addEventListener("picture-chosen", (event) => {
  document.querySelector("#picture-place dialog")?.close();
  const body = document.getElementById("id_body");
  // Where nobody has written yet in it, that is its end.
  if (!began) body.setSelectionRange(body.value.length, body.value.length);
  write(body, "\n\n", event.detail.text, "\n\n");
  body.setSelectionRange(body.selectionEnd + 2, body.selectionEnd + 2);
});

// An answer to a saving has come: fields say what is wrong with them, and the mail is shown anew.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!form || !state() || event.target.id !== "draft-state") return;
  if ("saved" in state().dataset && sent === typed) delete form.dataset.unsaved;
  tellErrors(form);
  // Whoever wanted to go on and cannot is led to what is wrong.
  if (event.detail.requestConfig.elt.value === "send") form.querySelector("[aria-invalid=true]")?.focus();
  if (contested()) document.querySelector("#draft-conflict .notice").focus();
  else if (state().dataset.version !== shown) {
    shown = state().dataset.version;
    refresh();
  }
});

// Formatting: what is marked becomes bold, a link, a list; without a mark a sample stands there, marked.
const ADDRESS = "https://";
const WAYS = {
  bold: (text) => ["**", text, "**"],
  heading: (text) => ["\n\n## ", text, "\n\n"],
  link: (text) => ["[", text, `](${ADDRESS})`],
  button: (text) => ["\n\n**[", text, `](${ADDRESS})**\n\n`],
  list: (text) => ["\n\n- ", text.split("\n").join("\n- "), "\n\n"],
};
let field = null;

function write(target, before, text, after) {
  const { selectionStart: from, selectionEnd: to, value } = target;
  // No more blank lines than it takes, and none at the very beginning.
  const head = value.slice(0, from);
  const had = /\n*$/.exec(head)[0].length;
  const lead = /^\n*/.exec(before)[0].length;
  const front = (head.trim() ? "\n".repeat(Math.max(0, lead - had)) : "") + before.slice(lead);
  target.focus();
  target.setRangeText(front + text + after, from, to, "end");
  const place = from + front.length + text.length;
  // Where something leads is typed next, over what every address begins with.
  const address = after.indexOf(ADDRESS);
  if (address < 0) target.setSelectionRange(place - text.length, place);
  else target.setSelectionRange(place + address, place + address + ADDRESS.length);
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

function format(way, sample) {
  const body = document.getElementById("id_body");
  const marked = body.value.slice(body.selectionStart, body.selectionEnd);
  write(body, ...WAYS[way](marked || sample));
}

// Wherever the editor stands, what it offers opens in sight.
function show({ target }) {
  if (target.matches?.(".placeholders[open]")) target.querySelector(".menu-panel").scrollIntoView({ block: "nearest" });
}
document.addEventListener("toggle", show, true);

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-writes]")) field = event.target;
});

document.addEventListener("click", (event) => {
  const tool = event.target.closest?.("[data-insert]");
  if (tool) format(tool.dataset.insert, tool.dataset.sample);
  const placeholder = event.target.closest?.("[data-placeholder]");
  if (placeholder) {
    placeholder.closest("details").open = false;
    const target = field ?? document.getElementById("id_body");
    target.setRangeText(placeholder.dataset.placeholder, target.selectionStart, target.selectionEnd, "end");
    target.focus();
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

document.getElementById("id_body")?.addEventListener("keydown", (event) => {
  const way = { b: "bold", k: "link" }[event.key];
  if (!way || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  event.preventDefault();
  format(way, document.querySelector(`[data-insert=${way}]`).dataset.sample);
});

// The toolbar is one stop of the Tab key; arrows walk it.
const bar = document.querySelector(".editor-bar");
const tools = () => [...bar.querySelectorAll(":scope > button, :scope > details > summary")];
if (bar) tools().forEach((tool, place) => (tool.tabIndex = place ? -1 : 0));
bar?.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const here = tools().indexOf(event.target);
  if (!step || here < 0) return;
  event.preventDefault();
  const next = tools()[(here + step + tools().length) % tools().length];
  for (const tool of tools()) tool.tabIndex = tool === next ? 0 : -1;
  next.focus();
});
