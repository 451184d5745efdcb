// Telegram's choice of a friend: everybody else who has a phone here.

import { get } from "/page/api.js";
import { arrowKeys, avatar, fullName, make, notify } from "/page/dom.js";
import { Sheet } from "/page/sheet.js";

const LISTED = 60;

/** Ask for a friend of the phone's owner; resolves with the person, or null. */
export function pickFriend(phone) {
  const { words } = phone;
  const sheet = new Sheet(phone, words.say("share_with"), "list picker");
  const list = make("ul", { class: "friends" });
  const field = make("input", { type: "search", placeholder: words.say("search"), data: { first: "" }, attrs: { "aria-label": words.say("search_people") } });
  const show = async () => {
    try {
      const { people } = await get(`/people?limit=${LISTED}&search=${encodeURIComponent(field.value)}`);
      const others = people.filter((person) => person.id !== phone.person.id && !person.deactivated);
      list.replaceChildren(...others.map((person) => make("li", {}, make("button", { type: "button", class: "friend", on: { click: () => sheet.close(person) } }, avatar(person), make("span", {}, fullName(person))))));
      if (!others.length) list.append(make("li", { class: "empty" }, words.say(field.value ? "inline_nothing" : "someone_new")));
    } catch (error) {
      notify(error.message);
    }
  };
  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => { if (event.key === "ArrowDown") { event.preventDefault(); list.querySelector("button")?.focus(); } });
  arrowKeys(list, "button");
  sheet.node.append(sheet.bar(), make("label", { class: "search" }, field), list);
  show();
  return sheet.open();
}
