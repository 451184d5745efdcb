// Building the page from nodes and text only: nothing here or elsewhere turns a string into HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element; `options` sets properties, `class`, `on` (listeners), `data` and attributes under `attrs`. */
export function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  const { class: className, on = {}, data = {}, attrs = {}, ...properties } = options;
  if (className) node.className = className;
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
  for (const [name, value] of Object.entries(data)) node.dataset[name] = value;
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  Object.assign(node, properties);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button that holds only an icon, with its name for everyone who does not see it. */
export function iconButton(name, label, onClick, className = "round") {
  return make("button", { type: "button", class: className, title: label, attrs: { "aria-label": label }, on: { click: onClick } }, icon(name));
}

/** A round badge with the person's initials; the hue follows from the id. */
export function avatar(person) {
  const initials = [person.first_name, person.last_name].filter(Boolean).map((part) => [...part][0]).join("").toUpperCase();
  const badge = make("span", { class: "avatar", attrs: { "aria-hidden": "true" } }, initials);
  badge.style.setProperty("--hue", String((person.id * 67) % 360));
  return badge;
}

export const byId = (id) => document.getElementById(id);

let noticeTimer = 0;

/** A sentence at the bottom of the page, for a few seconds. */
export function notify(sentence) {
  const notice = byId("notice");
  notice.textContent = sentence;
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { notice.hidden = true; }, 6000);
}

/** Show a dialog; resolves with its form's values, or null when it was left. */
export function ask(id, prepare = () => {}) {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  form.reset();
  const problem = form.querySelector(".problem");
  if (problem) problem.textContent = "";
  return new Promise((resolve) => {
    const done = (values) => { form.onsubmit = null; dialog.onclose = null; dialog.close(); resolve(values); };
    form.onsubmit = (event) => { event.preventDefault(); done(Object.fromEntries(new FormData(form))); };
    dialog.onclose = () => done(null);
    dialog.onclick = (event) => { if (event.target === dialog || event.target.closest("[data-close]")) done(null); };
    prepare(form, done);
    dialog.showModal();
  });
}
