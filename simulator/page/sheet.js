// What lies over a phone's screen until it is answered or closed: alerts, questions, the choice of a friend, a Mini App.

import { iconButton, make } from "/page/dom.js";

/** A sheet over a phone. It takes the keyboard; Escape closes it, and focus goes back to where it was. */
export class Sheet {
  constructor(phone, title, className, ...content) {
    this.phone = phone;
    this.before = document.activeElement;
    this.heading = make("h3", {}, title);
    this.node = make("div", { class: `sheet ${className}`, attrs: { role: "dialog", "aria-modal": "true", "aria-label": title }, on: { keydown: (event) => this.onKey(event) } }, ...content);
    this.shade = make("div", { class: "shade", on: { click: (event) => { if (event.target === this.shade) this.close(); } } }, this.node);
  }

  /** The title with its button to close. */
  bar() {
    return make("header", { class: "sheet-head" }, this.heading, iconButton("close", this.phone.words.say("close"), () => this.close()));
  }

  open() {
    this.phone.view.inert = true;
    this.phone.screen.append(this.shade);
    (this.node.querySelector("[data-first]") ?? this.node.querySelector("button, input"))?.focus();
    return new Promise((resolve) => { this.resolve = resolve; });
  }

  onKey(event) {
    if (event.key === "Escape") { event.stopPropagation(); this.close(); }
    if (event.key !== "Tab") return;
    const stops = [...this.node.querySelectorAll("button, input, iframe")].filter((stop) => !stop.hidden);
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement === edge) { event.preventDefault(); (event.shiftKey ? stops.at(-1) : stops[0]).focus(); }
  }

  close(answer = null) {
    this.shade.remove();
    this.phone.view.inert = Boolean(this.phone.screen.querySelector(".shade"));
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
    this.resolve?.(answer);
  }
}

const button = (label, className, act, autofocus = false) => make("button", { type: "button", class: className, on: { click: act }, ...(autofocus ? { data: { first: "" } } : {}) }, label);

/** Telegram's alert: what a bot says with `show_alert`. */
export function alertSheet(phone, title, text) {
  const sheet = new Sheet(phone, title, "box");
  sheet.node.append(sheet.heading, make("p", {}, text), make("div", { class: "actions" }, button(phone.words.say("alert_ok"), "plain", () => sheet.close(), true)));
  return sheet.open();
}

/** Whether a link that leads outside is to be opened. */
export function linkSheet(phone, url) {
  const { words } = phone;
  const sheet = new Sheet(phone, words.say("open_link"), "box");
  sheet.node.append(sheet.heading, make("p", { class: "address" }, url), make("div", { class: "actions" },
    button(words.say("cancel"), "plain", () => sheet.close()), button(words.say("open"), "plain", () => sheet.close(true), true)));
  return sheet.open();
}

const CITIES = [
  ["Paris", 48.8566, 2.3522], ["Lyon", 45.764, 4.8357], ["Marseille", 43.2965, 5.3698], ["Lille", 50.6292, 3.0573],
  ["Saint-Étienne", 45.4397, 4.3872], ["Rennes", 48.1173, -1.6778], ["Fort-de-France", 14.6037, -61.0667],
  ["Saint-Denis (Réunion)", -20.8789, 55.4481], ["Nouméa", -22.2711, 166.438], ["Papeete", -17.5516, -149.5585],
];

/** A place: one of some cities, or by its coordinates; null where none was chosen. */
export function locationSheet(phone) {
  const { words } = phone;
  const sheet = new Sheet(phone, words.say("share_location"), "list");
  const field = (name, limit) => make("input", { name, type: "number", step: "any", min: -limit, max: limit, required: true, placeholder: words.say(name), attrs: { "aria-label": words.say(name) } });
  const latitude = field("latitude", 90);
  const longitude = field("longitude", 180);
  const form = make("form", { class: "pair", on: { submit: (event) => { event.preventDefault(); sheet.close({ latitude: Number(latitude.value), longitude: Number(longitude.value) }); } } },
    latitude, longitude, make("button", { class: "strong" }, words.say("share")));
  const cities = CITIES.map(([name, lat, lon]) => button(name, "chip", () => sheet.close({ latitude: lat, longitude: lon })));
  sheet.node.append(sheet.bar(), make("div", { class: "cities" }, ...cities), form);
  return sheet.open();
}

/** The title of a new group and whether it has topics; null where none is wanted. */
export function groupSheet(phone) {
  const { words } = phone;
  const sheet = new Sheet(phone, words.say("new_group"), "box");
  const title = make("input", { name: "title", required: true, maxLength: 128, data: { first: "" }, placeholder: words.say("group_title"), attrs: { "aria-label": words.say("group_title") } });
  const forum = make("input", { name: "forum", type: "checkbox" });
  sheet.node.append(sheet.heading, make("form", { class: "asked", on: { submit: (event) => { event.preventDefault(); sheet.close({ title: title.value, forum: forum.checked }); } } },
    title, make("label", { class: "switch" }, forum, make("span", {}, words.say("with_topics"))), make("div", { class: "actions" }, button(words.say("cancel"), "plain", () => sheet.close()), make("button", { class: "plain" }, words.say("add")))));
  return sheet.open();
}

/** One of these groups, or "new"; null where none was chosen. */
export function groupsSheet(phone, groups) {
  const { words } = phone;
  const sheet = new Sheet(phone, words.say("add_to_group"), "list");
  const row = (label, answer) => button(label, "chip", () => sheet.close(answer));
  sheet.node.append(sheet.bar(), make("div", { class: "cities" }, ...groups.map((group) => row(group.title, group)), row(words.say("new_group"), "new")));
  return sheet.open();
}

/** One line of text; null where none is given. */
export function textSheet(phone, title, value = "") {
  const { words } = phone;
  const sheet = new Sheet(phone, title, "box");
  const field = make("input", { value, required: true, maxLength: 128, data: { first: "" }, attrs: { "aria-label": title } });
  sheet.node.append(sheet.heading, make("form", { class: "asked", on: { submit: (event) => { event.preventDefault(); sheet.close(field.value); } } },
    field, make("div", { class: "actions" }, button(words.say("cancel"), "plain", () => sheet.close()), make("button", { class: "plain" }, words.say("alert_ok")))));
  return sheet.open();
}
