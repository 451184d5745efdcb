// A text and its entities as DOM nodes. Offsets count UTF-16 units, as JavaScript strings do.

import { make } from "/page/dom.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre" };
const SAFE = /^(https?|tg|mailto|tel):/i;

/** The nodes of a text; `acts` has `command(text)` for a command and `open(address)` for a link that was chosen. */
export function textNodes(text, entities, acts) {
  const ordered = entities
    .map((entity) => ({ ...entity, end: Math.min(entity.offset + entity.length, text.length) }))
    .filter((entity) => entity.end > entity.offset)
    .sort((a, b) => a.offset - b.offset || b.end - a.end);
  return build(text, 0, text.length, ordered, acts);
}

function build(text, start, end, entities, acts) {
  const nodes = [];
  let position = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index];
    const from = Math.max(entity.offset, position);
    const to = Math.min(entity.end, end);
    index += 1;
    if (to <= from) continue;
    if (from > position) nodes.push(text.slice(position, from));
    const inside = [];
    while (index < entities.length && entities[index].offset < to) inside.push(entities[index++]);
    nodes.push(wrap(entity, text.slice(from, to), build(text, from, to, inside, acts), acts));
    // What sticks out of this entity continues after it.
    entities.splice(index, 0, ...inside.filter((other) => other.end > to).map((other) => ({ ...other, offset: to })));
    position = to;
  }
  if (position < end) nodes.push(text.slice(position, end));
  return nodes;
}

function wrap(entity, raw, children, acts) {
  switch (entity.type) {
    case "text_link": return link(entity.url, children, acts);
    case "url": return link(/^[a-z]+:/i.test(raw) ? raw : `https://${raw}`, children, acts);
    case "email": return link(`mailto:${raw}`, children, acts);
    case "phone_number": return link(`tel:${raw.replace(/[^+\d]/g, "")}`, children, acts);
    case "bot_command": return make("button", { type: "button", class: "command", on: { click: () => acts.command(raw) } }, ...children);
    case "spoiler": return spoiler(children, acts.words);
    case "blockquote": return make("blockquote", {}, ...children);
    case "expandable_blockquote": return expandable(children);
    case "date_time": return make("time", { dateTime: new Date(entity.unix_time * 1000).toISOString() }, ...children);
    case "mention": case "hashtag": case "cashtag": case "text_mention": return make("span", { class: "tag" }, ...children);
    default: return make(TAGS[entity.type] ?? "span", {}, ...children);
  }
}

function link(url, children, acts) {
  if (!SAFE.test(url)) return make("span", {}, ...children);
  const open = (event) => { event.preventDefault(); acts.open(url); };
  return make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", title: url, on: { click: open } }, ...children);
}

function spoiler(children, words) {
  const reveal = (event) => event.currentTarget.classList.add("shown");
  return make("button", { type: "button", class: "spoiler", title: words.say("spoiler"), on: { click: reveal } }, ...children);
}

function expandable(children) {
  const quote = make("blockquote", { class: "folded" }, ...children);
  quote.addEventListener("click", () => quote.classList.toggle("folded"));
  return quote;
}
