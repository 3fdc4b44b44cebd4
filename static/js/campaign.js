// A campaign: its draft saves itself while it is written, the mail beside it follows, placeholders go in at the cursor.

const PAUSE = 900;
const form = document.querySelector("form[data-autosave]");
const state = () => document.getElementById("draft-state");
let timer;

// While two texts stand side by side, nothing is saved until somebody has chosen one.
const contested = () => Boolean(document.querySelector("#draft-conflict > *"));

function save() {
  clearTimeout(timer);
  timer = undefined;
  if (!contested()) form.dispatchEvent(new CustomEvent("draft-typed"));
}

form?.addEventListener("input", () => {
  count();
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
});
form?.addEventListener("change", (event) => {
  // A group as it was once chosen is given up with the first other choice: nothing keeps it then.
  if (event.target.id === "id_segment" && event.target.value !== "kept") {
    event.target.querySelector("option[value=kept]")?.remove();
    document.getElementById("segment-since")?.remove();
  }
  if (event.target.matches("select, [type=radio]")) save();
});
// Whoever goes elsewhere takes what was typed along: a beacon would not tell of a conflict.
form?.addEventListener("submit", () => clearTimeout(timer));
window.addEventListener("beforeunload", (event) => {
  if (timer && !form.dataset.sent) event.preventDefault();
});

function count() {
  for (const words of document.querySelectorAll("[data-counts]")) {
    const many = document.getElementById(words.dataset.counts).value.length;
    words.textContent = (many > 50 ? words.dataset.long : words.dataset.words).replace("{count}", many);
  }
}
count();

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id === "mail-dialogs") event.target.querySelector("dialog")?.showModal();
});

// An answer to a saving has come: fields say what is wrong with them, and the mail is shown anew.
document.addEventListener("htmx:afterSettle", (event) => {
  if (!form || !state() || event.target.id !== "draft-state") return;
  for (const error of form.querySelectorAll("p.field-error[id$=_error]")) {
    const field = document.getElementById(error.id.replace(/_error$/, ""));
    if (!field) continue;
    if (error.hidden) field.removeAttribute("aria-invalid");
    else field.setAttribute("aria-invalid", "true");
  }
  if (contested()) document.querySelector("#draft-conflict .notice").focus();
  else if (state().dataset.version !== shown) refresh();
});

// Formatting: what is marked becomes bold, a link, a list; without a mark a sample stands there, marked.
const WAYS = {
  bold: (text) => ["**", text, "**"],
  heading: (text) => ["\n\n## ", text, "\n\n"],
  link: (text) => ["[", text, "](https://)"],
  button: (text) => ["\n\n**[", text, "](https://)**\n\n"],
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
  target.setSelectionRange(from + front.length, from + front.length + text.length);
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

function format(way, sample) {
  const body = document.getElementById("id_body");
  const marked = body.value.slice(body.selectionStart, body.selectionEnd);
  write(body, ...WAYS[way](marked || sample));
}

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
  const part = event.target.closest?.("[data-part]");
  if (part) {
    for (const one of document.querySelectorAll("[data-part]")) one.setAttribute("aria-pressed", String(one === part));
    preview.classList.toggle("on-phone", part.dataset.part === "phone");
    refresh();
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

// The mail stands in a frame of its own that is as tall as the mail; a new one takes the place of the old when it is there.
const preview = document.querySelector("[data-preview]");
let shown = state()?.dataset.version;

function grow(frame) {
  const page = frame.contentDocument?.body;
  if (page) frame.height = Math.max(320, Math.min(Math.ceil(page.getBoundingClientRect().height), 4000));
}

function refresh() {
  if (!preview) return;
  shown = state()?.dataset.version ?? "";
  const old = preview.querySelector("iframe");
  const part = preview.querySelector("[data-part][aria-pressed=true]").dataset.part;
  const client = preview.querySelector("input[name=client]").value;
  const asked = new URLSearchParams({ part: part === "text" ? "text" : "html", client, version: shown });
  const frame = old.cloneNode();
  frame.className = "coming";
  frame.addEventListener("load", () => {
    if (!old.isConnected) return;
    frame.className = "";
    old.remove();
    grow(frame);
  });
  frame.src = `${preview.dataset.preview}?${asked}`;
  for (const late of preview.querySelectorAll("iframe.coming")) late.remove();
  old.after(frame);
  document.getElementById("preview-lines").dispatchEvent(new CustomEvent("preview-changed"));
}

document.getElementById("preview-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const hit = event.submitter;
  if (!hit?.value) return;
  event.target.querySelector("input[name=client]").value = hit.value;
  event.target.elements.as.value = hit.dataset.name;
  // A test mail goes as the mail is shown.
  for (const one of document.querySelectorAll("[data-shown-client]")) one.value = hit.value;
  for (const one of document.querySelectorAll("[data-shown-name]")) one.textContent = hit.dataset.name;
  refresh();
});

const watch = (frame) => {
  if (frame.contentDocument?.readyState === "complete") grow(frame);
  frame.addEventListener("load", () => grow(frame));
};
for (const frame of document.querySelectorAll("[data-preview] iframe")) watch(frame);
document.addEventListener("htmx:load", (event) => {
  for (const frame of event.target.querySelectorAll?.("iframe[data-grows]") ?? []) watch(frame);
});
let width = innerWidth;
window.addEventListener("resize", () => {
  if (width === innerWidth) return;
  width = innerWidth;
  for (const frame of document.querySelectorAll("[data-preview] iframe")) grow(frame);
});
