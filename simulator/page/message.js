// One message as a bubble: text, media, keyboard.

import { icon, make, ticks } from "/page/dom.js";
import { textNodes } from "/page/entities.js";

/** The bubble of a message.
 *
 * `acts` has `words`, `command(text)`, `open(address)`, `press(message, button, node)`, `developer`; `seen` says whether
 * a message of the phone's owner was read.
 */
export function messageNode(message, acts, seen) {
  const { words } = acts;
  const mine = message.from === "person";
  const bubble = make("div", { class: "bubble" });
  if (message.via_bot) bubble.append(make("p", { class: "note" }, words.say("via", { bot: message.via_bot })));
  if (message.forwarded) bubble.append(make("p", { class: "note" }, words.say("forwarded")));
  if (message.reply) bubble.append(reply(message.reply, acts));
  bubble.append(...media(message, acts));
  const text = mine && !acts.developer ? withoutPayload(message.text) : message.text;
  if (text) bubble.append(make("div", { class: "text", attrs: { dir: "auto" } }, ...textNodes(text, message.entities, acts)));
  bubble.append(make("p", { class: "meta" },
    acts.developer ? make("span", {}, `#${message.message_id}`) : null,
    message.edits ? make("span", { class: "edited" }, words.say("edited")) : null,
    make("time", { dateTime: message.date, title: words.moment(message.date) }, words.time(message.date)),
    mine ? ticks(seen, words) : null));
  const node = make("li", {
    class: `message ${mine ? "mine" : "theirs"}`,
    data: { id: String(message.message_id) },
    attrs: { "aria-label": words.say(mine ? "sent" : "received") },
  }, bubble);
  if (message.keyboard.length) node.append(keyboard(message, acts));
  return node;
}

/** What a person sees of pressing Start behind a link: the payload is between the link and the bot. */
export const withoutPayload = (text) => (/^\/start [\w-]{1,64}$/.test(text) ? "/start" : text);

function reply({ message_id: number, name, text }, acts) {
  return make("button", { type: "button", class: "reply", on: { click: () => acts.showMessage(number) } },
    make("span", { class: "sr" }, acts.words.say("reply_to")), make("strong", {}, name), make("span", {}, text));
}

function keyboard(message, acts) {
  const rows = message.keyboard.map((row) => make("div", { class: "row" }, ...row.map((button) => inlineButton(message, button, acts))));
  return make("div", { class: "keyboard" }, ...rows);
}

const CORNERS = [["url", "out"], ["copy", "copy"], ["web_app", "app"], ["inline", "share"]];

function inlineButton(message, button, acts) {
  const style = ["danger", "success", "primary"].includes(button.style) ? ` ${button.style}` : "";
  const corner = CORNERS.find(([field]) => button[field] !== null)?.[1];
  const title = button.url ?? button.web_app ?? (acts.developer ? button.data : null) ?? "";
  const node = make("button", { type: "button", class: `key${style}`, title }, button.label, corner ? icon(corner, "corner") : null);
  node.addEventListener("click", () => acts.press(message, button, node));
  return node;
}

function media(message, acts) {
  if (message.venue) return [place(message.venue.location, message.venue.title, message.venue.address)];
  if (message.location) return [place(message.location, acts.words.say("location"), "")];
  if (message.photo.length) return [photo(message.photo.at(-1), acts.words)];
  if (message.document) return [file(message.document, acts.words)];
  if (message.contact) return [contact(message.contact, acts.words)];
  if (message.web_app_data) return [make("p", { class: "note" }, message.web_app_data)];
  return [];
}

const address = (fileId) => `/sim/files/${encodeURIComponent(fileId)}`;

function photo({ file_id: fileId, width, height }, words) {
  const image = make("img", { src: address(fileId), alt: words.say("photo"), loading: "lazy", width, height });
  return make("a", { class: "photo", href: address(fileId), target: "_blank", rel: "noopener" }, image);
}

// What a browser shows by itself; everything else is saved.
const SHOWN = /^(application\/pdf|text\/plain|image\/(png|jpeg|gif|webp)|audio\/|video\/)/;

function file({ file_id: fileId, file_name: name, mime_type: type, size }, words) {
  const extension = name.includes(".") ? name.split(".").at(-1).slice(0, 4) : "";
  const way = SHOWN.test(type) ? { target: "_blank", rel: "noopener" } : { download: name };
  return make("a", { class: "file", href: address(fileId), ...way },
    make("span", { class: "file-icon", attrs: { "aria-hidden": "true" } }, extension || icon("file")),
    make("span", { class: "file-name" }, make("strong", {}, name), make("span", {}, words.size(size))));
}

function contact({ first_name: first, last_name: last, phone_number: number }, words) {
  const name = [first, last].filter(Boolean).join(" ");
  return make("div", { class: "file" },
    make("span", { class: "file-icon", attrs: { "aria-hidden": "true" } }, [...name][0] ?? ""),
    make("span", { class: "file-name" }, make("strong", {}, name || words.say("contact")), make("span", {}, number)));
}

function place({ latitude, longitude }, title, where) {
  const map = make("div", { class: "map", attrs: { "aria-hidden": "true" } }, icon("place"));
  // The streets of the drawing shift with the coordinates, so that two places do not look the same.
  map.style.setProperty("--x", `${Math.round((Math.abs(longitude) * 977) % 61)}px`);
  map.style.setProperty("--y", `${Math.round((Math.abs(latitude) * 991) % 47)}px`);
  return make("div", { class: "place" }, map,
    make("div", { class: "place-text" },
      make("strong", {}, title),
      where ? make("span", {}, where) : null,
      make("span", { class: "coordinates" }, `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`)));
}
