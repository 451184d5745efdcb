// What a message holds besides its text: pictures, sounds, files, places, polls, dice.

import { icon, make } from "/page/dom.js";

const FOR_EVER = 2 ** 31 - 1; // seconds

/** The nodes of a message's media; `acts` has `words`, `me` and `vote(message, numbers)`. */
export function mediaNodes(message, acts) {
  const nodes = shown(message, acts);
  return message.hidden ? nodes.map((node) => veiled(node, acts.words)) : nodes;
}

/** A picture or film that is blurred until somebody wants to see it. */
function veiled(node, words) {
  const veil = make("button", { type: "button", class: "veil", attrs: { "aria-label": words.say("spoiler") } });
  const cover = make("div", { class: "veiled" }, node, veil);
  veil.addEventListener("click", () => { cover.classList.remove("veiled"); veil.remove(); });
  return cover;
}

function shown(message, acts) {
  if (message.venue) return [place(message.venue.location, message.venue.title, message.venue.address)];
  if (message.location) return [place(message.location, acts.words.say(message.location.live_period ? "live_location" : "location"), liveUntil(message, acts.words))];
  if (message.photo.length) return [photo(message.photo.at(-1), acts.words)];
  if (message.file) return [moving(message.file, acts.words)];
  if (message.document) return [file(message.document, acts.words)];
  if (message.contact) return [contact(message.contact, acts.words)];
  if (message.poll) return [poll(message, acts)];
  if (message.dice) return [make("p", { class: "dice", title: String(message.dice.value) }, message.dice.emoji, make("span", {}, String(message.dice.value)))];
  if (message.web_app_data) return [make("p", { class: "note" }, message.web_app_data)];
  return [];
}

const address = (fileId) => `/sim/files/${encodeURIComponent(fileId)}`;

/** Until when a place moves; nothing for one that stays, or that moves until it is stopped. */
function liveUntil({ location: { live_period: period }, date }, words) {
  return period && period < FOR_EVER ? words.say("live_until", { time: words.time(new Date(date).getTime() + period * 1000) }) : "";
}

function photo({ file_id: fileId, width, height }, words) {
  const image = make("img", { src: address(fileId), alt: words.say("photo"), loading: "lazy", width, height });
  return make("a", { class: "photo", href: address(fileId), target: "_blank", rel: "noopener" }, image);
}

/** Videos, sounds and stickers. */
function moving({ kind, file_id: fileId, mime_type: type, title, performer, file_name: name, emoji, size }, words) {
  const source = address(fileId);
  const label = words.say(kind);
  if (kind === "sticker") return make("img", { class: "sticker", src: source, alt: emoji ?? label, loading: "lazy" });
  if (kind === "animation" && /^image\//.test(type ?? "")) return make("img", { class: "sticker", src: source, alt: label, loading: "lazy" });
  if (kind === "audio" || kind === "voice") {
    const about = [performer, title].filter(Boolean).join(" – ") || (kind === "audio" ? name : "") || label;
    return make("div", { class: "sound" }, make("strong", {}, about), make("audio", { src: source, controls: true, preload: "none", attrs: { "aria-label": about } }));
  }
  if (!/^video\//.test(type ?? "")) return file({ file_id: fileId, file_name: name ?? label, mime_type: type ?? "", size }, words);
  return make("video", { class: kind === "video_note" ? "film round-film" : "film", src: source, controls: kind !== "animation", loop: kind === "animation", muted: kind === "animation", autoplay: kind === "animation", preload: "metadata", playsInline: true, attrs: { "aria-label": label } });
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

function poll(message, acts) {
  const { words } = acts;
  const given = message.votes[acts.me] ?? [];
  const { question, description, options, is_closed: closed, is_anonymous: anonymous, type, allows_multiple_answers: several, total_voter_count: total, allows_revoting: revoting, close_date: until, explanation } = message.poll;
  const open = !closed && given.length === 0;
  const correct = message.poll.correct_option_ids ?? [];
  const kind = closed ? "poll_closed" : type === "quiz" ? "quiz" : anonymous ? "anonymous_poll" : "poll";
  const picked = new Set();
  const send = make("button", { type: "button", class: "plain", hidden: !open || !several, disabled: true, on: { click: () => acts.vote(message, [...picked]) } }, words.say("vote"));
  const pick = (number, node) => {
    if (!several) { acts.vote(message, [number]); return; }
    if (!picked.delete(number)) picked.add(number);
    node.setAttribute("aria-pressed", String(picked.has(number)));
    send.disabled = picked.size === 0;
  };
  const row = (option, number) => {
    const share = total ? Math.round((100 * option.voter_count) / total) : 0;
    const mark = open || type !== "quiz" ? "" : correct.includes(number) ? "right" : given.includes(number) ? "wrong" : "";
    const node = make("button", { type: "button", class: `poll-option ${mark}`.trim(), disabled: !open, attrs: { "aria-pressed": String(given.includes(number)) } },
      mark ? icon(mark === "right" ? "check" : "close") : null, make("span", {}, option.text, mark ? make("span", { class: "sr" }, ` – ${words.say(mark === "right" ? "right_answer" : "wrong_answer")}`) : null), open ? null : make("span", { class: "share" }, `${share} %`));
    node.style.setProperty("--share", open ? "0%" : `${share}%`);
    node.addEventListener("click", () => pick(number, node));
    return node;
  };
  const back = make("button", { type: "button", class: "plain", hidden: closed || given.length === 0 || !revoting, on: { click: () => acts.vote(message, []) } }, words.say("take_back"));
  return make("div", { class: "poll" }, description ? make("span", {}, description) : null, make("strong", {}, question), make("span", { class: "coordinates" }, words.say(kind)), ...options.map(row),
    explanation && !open ? make("p", { class: "explained" }, explanation) : null, send, back,
    make("span", { class: "coordinates" }, [words.say("votes", { n: total }), until && !closed ? words.say("poll_until", { time: words.time(until * 1000) }) : null].filter(Boolean).join(" · ")));
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
