// One message as a bubble: text, media, keyboard.

import { icon, iconButton, make, ticks } from "/page/dom.js";
import { textNodes } from "/page/entities.js";
import { mediaNodes } from "/page/media.js";

/** The bubble of a message.
 *
 * `acts` has `words`, `developer`, `me` (the owner’s number), `command(text)`, `open(address)`, `press(message, button, node)`, `vote(message, numbers)`,
 * `showMessage(number)` and, where something can be done to a message, `menu(message, node)`; `seen` says whether
 * a message of the phone's owner was read.
 */
export function messageNode(message, acts, seen) {
  const { words } = acts;
  if (message.happened) return serviceNode(message, words);
  const mine = message.from === "person";
  const bubble = make("div", { class: "bubble" });
  if (message.sender && !mine) bubble.append(senderLine(message.sender));
  if (message.via_bot) bubble.append(make("p", { class: "note" }, words.say("via", { bot: message.via_bot })));
  if (message.forwarded) bubble.append(make("p", { class: "note" }, words.say("forwarded_from", { name: message.forwarded_from })));
  if (message.reply) bubble.append(reply(message.reply, acts));
  if (message.preview?.above) bubble.append(previewNode(message.preview, acts));
  const body = message.text ? [textNode(message, acts)] : [];
  const media = mediaNodes(message, acts);
  bubble.append(...(message.caption_above ? [...body, ...media] : [...media, ...body]));
  if (message.preview && !message.preview.above) bubble.append(previewNode(message.preview, acts));
  const given = Object.values(message.reactions).flat();
  if (given.length) bubble.append(reactions(message, given, acts));
  bubble.append(make("p", { class: "meta" },
    acts.developer ? make("span", {}, `#${message.message_id}`) : null,
    message.edits ? make("span", { class: "edited" }, words.say("edited")) : null,
    make("time", { dateTime: message.date, title: words.moment(message.date) }, words.time(message.date)),
    mine ? ticks(seen, words) : null));
  const node = make("li", {
    class: `message ${mine ? "mine" : "theirs"} ${message.album ? "in-album" : ""}`.trim(),
    data: { id: String(message.message_id) },
    attrs: { "aria-label": words.say(mine ? "sent" : "received") },
  }, bubble);
  if (acts.menu) {
    // The right button of a mouse, a long touch, or the small button that the keyboard reaches.
    bubble.append(iconButton("more", words.say("message_menu"), () => acts.menu(message, node), "round small message-more"));
    bubble.addEventListener("contextmenu", (event) => { if (!event.target.closest("a")) { event.preventDefault(); acts.menu(message, node); } });
  }
  if (message.keyboard.length) node.append(keyboard(message, acts));
  return node;
}

/** The text or caption of a message. */
export function textNode(message, acts) {
  const text = message.from === "person" && !acts.developer ? withoutPayload(message.text) : message.text;
  return make("div", { class: "text", attrs: { dir: "auto" } }, ...textNodes(text, message.entities, acts));
}

/** Who wrote a message of a group. */
function senderLine(sender) {
  const line = make("strong", { class: "sender" }, sender.first_name);
  line.style.setProperty("--hue", String((sender.id * 67) % 360));
  return line;
}

// What a message of the group itself says, by its kind; the second where somebody did it to themselves.
const HAPPENED = {
  new_chat_members: ["brought", "came"], left_chat_member: ["thrown_out", "went"], new_chat_title: ["renamed"], pinned_message: ["pinned_it"],
  group_chat_created: ["group_made"], migrate_to_chat_id: ["upgraded"], migrate_from_chat_id: ["upgraded"],
  forum_topic_created: ["topic_made"], forum_topic_edited: ["topic_renamed"], forum_topic_closed: ["topic_closed"], forum_topic_reopened: ["topic_reopened"],
  general_forum_topic_hidden: ["general_hidden"], general_forum_topic_unhidden: ["general_shown"],
};

function serviceNode({ message_id: number, happened: { kind, about, by_themselves: alone }, sender }, words) {
  const [said, ofOneself = said] = HAPPENED[kind] ?? ["happened"];
  return make("li", { class: "service", data: { id: String(number) } }, make("span", {}, words.say(alone ? ofOneself : said, { name: sender.first_name, about })));
}

/** A link as a card. Nothing is fetched: it shows where the link leads, not what stands there. */
function previewNode({ url, site, path, small }, acts) {
  return make("a", { class: `preview ${small ? "small" : ""}`, href: url, rel: "noopener noreferrer nofollow", on: { click: (event) => { event.preventDefault(); acts.open(url); } } },
    make("strong", {}, site), path ? make("span", {}, path) : null);
}

function reactions(message, given, acts) {
  const emojis = [...new Set(given.map(({ emoji }) => emoji ?? "★"))];
  return make("p", { class: "reactions", attrs: { "aria-label": acts.words.say("reactions") } }, ...emojis.map((emoji) => {
    const count = given.filter((reaction) => (reaction.emoji ?? "★") === emoji).length;
    return make("span", {}, emoji, count > 1 ? ` ${count}` : null);
  }));
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
