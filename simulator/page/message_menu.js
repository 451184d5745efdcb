// What somebody may do to a message: react, answer, copy, forward, edit, delete.

import { arrowKeys, icon, make } from "/page/dom.js";

const REACTIONS = ["👍", "❤", "🔥", "🎉", "😁", "😢", "🙏"];

/** The menu of a message; `chat` does what is chosen, and `close` takes the menu away. */
export function messageMenu(message, chat, close) {
  const { words } = chat;
  const mine = message.from === "person";
  const act = (does) => () => { close(); does(); };
  const item = (name, key, does, style = "") => make("button", { type: "button", class: `menu-item ${style}`, on: { click: act(does) } }, icon(name), make("strong", {}, words.say(key)));
  const own = (message.reactions.person ?? []).map(({ emoji }) => emoji);
  const react = REACTIONS.map((emoji) => make("button", { type: "button", class: "reaction", attrs: { "aria-label": words.say("react", { emoji }), "aria-pressed": String(own.includes(emoji)) }, on: { click: act(() => chat.act("react", { message_id: message.message_id, emoji: own.includes(emoji) ? "" : emoji })) } }, emoji));
  const menu = make("div", { class: "menu message-menu", attrs: { role: "group", "aria-label": words.say("message_menu") }, on: { keydown: (event) => { if (event.key === "Escape") close(); } } },
    make("div", { class: "reaction-row" }, ...react),
    item("back", "answer", () => chat.composer.answer(message)),
    message.text ? item("copy", "copy", () => chat.copy(message.text)) : null,
    message.protected ? null : item("share", "forward", () => chat.forward(message)),
    mine && message.text && !message.photo.length && !message.document && !message.file ? item("pencil", "edit", () => chat.composer.edit(message)) : null,
    item("close", "delete", () => chat.act("delete", { message_id: message.message_id }), "danger"));
  arrowKeys(menu, "button");
  return menu;
}
