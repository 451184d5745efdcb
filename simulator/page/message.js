// One message as a bubble: text, media, keyboard.

import { parisTime } from "/page/clock.js";
import { icon, make } from "/page/dom.js";
import { textNodes } from "/page/entities.js";

/** The bubble of a message; `acts` has `command(text)` and `tap(message, button, node)`. */
export function messageNode(message, acts) {
  const mine = message.from === "person";
  const bubble = make("div", { class: "bubble" });
  if (message.via_bot) bubble.append(make("p", { class: "note" }, `via @${message.via_bot}`));
  if (message.forwarded) bubble.append(make("p", { class: "note" }, "Forwarded"));
  if (message.reply_to) bubble.append(make("p", { class: "note" }, `In reply to message ${message.reply_to}`));
  bubble.append(...media(message));
  if (message.text) {
    bubble.append(make("div", { class: "text", attrs: { dir: "auto" } }, ...textNodes(message.text, message.entities, acts.command)));
  }
  const edited = message.edits ? make("span", { class: "edited" }, "edited") : null;
  bubble.append(make("p", { class: "meta" }, edited, make("time", { dateTime: message.date }, parisTime(message.date))));
  const node = make("li", {
    class: `message ${mine ? "mine" : "theirs"}`,
    data: { id: String(message.message_id) },
    attrs: { "aria-label": mine ? "Sent" : "Received" },
  }, bubble);
  if (message.keyboard.length) node.append(keyboard(message, acts));
  return node;
}

function keyboard(message, acts) {
  const rows = message.keyboard.map((row) => make("div", { class: "row" }, ...row.map((button) => inlineButton(message, button, acts))));
  return make("div", { class: "keyboard" }, ...rows);
}

function inlineButton(message, button, acts) {
  const style = ["danger", "success", "primary"].includes(button.style) ? ` ${button.style}` : "";
  if (button.url) {
    const safe = /^(https?|tg):/i.test(button.url) ? button.url : `https://${button.url}`;
    return make("a", { class: `key${style}`, href: safe, target: "_blank", rel: "noopener noreferrer", title: button.url }, button.label, make("span", { class: "out", attrs: { "aria-hidden": "true" } }, "↗"));
  }
  const node = make("button", { type: "button", class: `key${style}` }, button.label);
  node.addEventListener("click", () => (button.copy ? navigator.clipboard.writeText(button.copy) : acts.tap(message, button, node)));
  return node;
}

function media(message) {
  if (message.venue) return [place(message.venue.location, message.venue.title, message.venue.address)];
  if (message.location) return [place(message.location, "Location", "")];
  if (message.photo.length) return [photo(message.photo.at(-1))];
  if (message.document) return [file(message.document)];
  if (message.contact) return [make("p", {}, `Contact: ${message.contact.first_name}, ${message.contact.phone_number}`)];
  return [];
}

function photo({ file_id: fileId, width, height }) {
  const source = `/sim/files/${encodeURIComponent(fileId)}`;
  const image = make("img", { src: source, alt: "Photo", loading: "lazy", width, height });
  return make("a", { class: "photo", href: source, target: "_blank", rel: "noopener" }, image);
}

function file({ file_id: fileId, file_name: name, size }) {
  const link = make("a", { class: "file", href: `/sim/files/${encodeURIComponent(fileId)}`, download: name },
    make("span", { class: "file-icon" }, icon("file")),
    make("span", { class: "file-name" }, make("strong", {}, name), make("span", {}, `${bytes(size)} · download`)));
  return link;
}

function place({ latitude, longitude }, title, address) {
  const map = make("div", { class: "map", attrs: { "aria-hidden": "true" } }, icon("place"));
  // The streets of the drawing shift with the coordinates, so that two places do not look the same.
  map.style.setProperty("--x", `${Math.round((Math.abs(longitude) * 977) % 61)}px`);
  map.style.setProperty("--y", `${Math.round((Math.abs(latitude) * 991) % 47)}px`);
  return make("div", { class: "place" }, map,
    make("div", { class: "place-text" },
      make("strong", {}, title),
      address ? make("span", {}, address) : null,
      make("span", { class: "coordinates" }, `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`)));
}

function bytes(size) {
  if (size < 1000) return `${size} B`;
  return size < 1_000_000 ? `${(size / 1000).toFixed(1)} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}
