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

export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
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

export const fullName = (person) => [person.first_name, person.last_name].filter(Boolean).join(" ");

/** A round badge with the person's initials; the hue follows from the id. */
export function avatar(person, className = "avatar") {
  const initials = [person.first_name, person.last_name].filter(Boolean).map((part) => [...part][0]).join("").toUpperCase();
  const badge = make("span", { class: className, attrs: { "aria-hidden": "true" } }, initials);
  badge.style.setProperty("--hue", String((person.id * 67) % 360));
  return badge;
}

/** The picture of the bot. */
export const botAvatar = () => make("span", { class: "avatar bot-avatar", attrs: { "aria-hidden": "true" } }, icon("bot"));

/** How many messages wait, as a badge; nothing for none. */
export function unreadBadge(number, words) {
  if (!number) return null;
  return make("span", { class: "unread", attrs: { "aria-label": words.say("unread", { n: number }) } }, number > 998 ? "999" : String(number));
}

/** One tick for what was sent, two for what was read. */
export function ticks(seen, words) {
  const name = words.say(seen ? "seen" : "sent");
  return make("span", { class: `ticks ${seen ? "seen" : ""}`, title: name, attrs: { role: "img", "aria-label": name } }, icon(seen ? "checks" : "check"));
}

export const byId = (id) => document.getElementById(id);

/** Let the arrow keys move between the buttons of a list. */
export function arrowKeys(list, selector) {
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const items = [...list.querySelectorAll(selector)];
    const next = items[items.indexOf(document.activeElement) + step];
    if (next) { event.preventDefault(); next.focus(); }
  });
}

/** Call `close` when something outside of these nodes is pressed. */
export function whenLeft(nodes, close) {
  document.addEventListener("pointerdown", (event) => { if (!nodes.some((node) => node.contains(event.target))) close(); });
}

let noticeTimer = 0;

/** A sentence at the bottom of the page, for a few seconds. */
export function notify(sentence) {
  const notice = byId("notice");
  notice.textContent = sentence;
  notice.hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { notice.hidden = true; }, 6000);
}

/** Show a dialog of the page; resolves with its form's values, or null when it was left. */
export function ask(id, prepare = () => {}) {
  const dialog = byId(id);
  const form = dialog.querySelector("form");
  form.reset();
  return new Promise((resolve) => {
    const done = (values) => { form.onsubmit = null; dialog.onclose = null; dialog.close(); resolve(values); };
    form.onsubmit = (event) => { event.preventDefault(); done(Object.fromEntries(new FormData(form))); };
    dialog.onclose = () => done(null);
    dialog.onclick = (event) => { if (event.target === dialog || event.target.closest("[data-close]")) done(null); };
    prepare(form, done);
    dialog.showModal();
  });
}
