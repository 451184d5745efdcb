// The page: people on the left, their phones side by side, the clock on top.

import { get, listen, post } from "/page/api.js";
import { setClock, startClock } from "/page/clock.js";
import { arrowKeys, ask, avatar, byId, fullName, make, notify } from "/page/dom.js";
import { chatLines, KINDS, Phone } from "/page/phone.js";
import { developer, language, startPreferences } from "/page/preferences.js";
import { fillWords, loadWords, setZone, wordsFor } from "/page/words.js";

const LISTED = 200;
const NARROWEST_PHONE = 340; // as in chat.css
const phones = new Map();
const bots = []; // the first one is meant where none is named
let words;
let seen = 0;
let listTimer = 0;

// People

async function loadPeople() {
  const search = byId("search").value;
  const { people, found, total } = await get(`/people?limit=${LISTED}&search=${encodeURIComponent(search)}`);
  const focused = document.activeElement?.dataset?.person;
  byId("people").replaceChildren(...people.map(personRow));
  if (focused) byId("people").querySelector(`[data-person="${CSS.escape(focused)}"]`)?.focus();
  const shown = people.length < found ? words.say("shown_of", { shown: people.length, total: found }) : "";
  byId("people-count").textContent = total === 0 ? words.say("nobody") : shown;
}

function personRow(person) {
  const standing = person.deactivated ? words.say("cut_off") : person.last_text || (person.last_kind ? words.say(KINDS[person.last_kind] ?? "file") : person.started ? "" : words.say("not_started"));
  const open = phones.has(person.id);
  const row = make("button", { type: "button", class: "person", data: { person: String(person.id) }, attrs: { "aria-pressed": String(open) }, on: { click: () => (open ? closePhone(person.id) : openPhone(person)) } },
    avatar(person),
    chatLines({
      name: fullName(person), tag: [person.note, developer ? person.language_code : ""].filter(Boolean).join(" · "), date: person.last_date, text: standing,
      unread: person.unread + person.unread_elsewhere, mine: person.last_mine, seen: person.last_update <= seen,
    }, words));
  return make("li", {}, row);
}

/** Load the list again soon, once for many events. */
function peopleChanged() {
  if (listTimer) return;
  listTimer = setTimeout(() => { listTimer = 0; loadPeople().catch((error) => notify(error.message)); }, 300);
}

async function addPerson() {
  const values = await ask("person-dialog");
  if (!values) return;
  try {
    openPhone(await post("/people", values));
  } catch (error) {
    notify(error.message);
  }
}

// Phones

const isNarrow = () => matchMedia("(max-width: 760px)").matches;

function openPhone(person) {
  if (phones.has(person.id)) return;
  if (isNarrow()) for (const id of [...phones.keys()]) closePhone(id);
  const phone = new Phone(person, bots, { onClose: () => closePhone(person.id), developer, frameWords: words });
  phones.set(person.id, phone);
  byId("columns").append(phone.node);
  phone.refresh();
  phone.node.scrollIntoView({ inline: "end", block: "nearest" });
  remember();
}

function closePhone(id) {
  phones.get(id)?.node.remove();
  phones.delete(id);
  remember();
}

function remember() {
  localStorage.setItem("open", JSON.stringify([...phones.keys()]));
  document.body.classList.toggle("chatting", phones.size > 0);
  byId("columns").classList.toggle("vacant", phones.size === 0);
  const [only] = phones.values();
  byId("owner").textContent = only && isNarrow() ? fullName(only.person) : bots[0].first_name;
  peopleChanged();
}

/** Open the phones named in the address (?open=1,2), or those that were open last time, or the first that fit. */
async function restore() {
  const named = new URLSearchParams(location.search).get("open");
  const ids = named ? named.split(",").map(Number) : JSON.parse(localStorage.getItem("open") ?? "[]");
  for (const id of isNarrow() ? ids.slice(0, 1) : ids) {
    try {
      openPhone(await get(`/people/${id}`));
    } catch {
      // Somebody who was there before a reset is not there now: nothing to show.
    }
  }
  if (phones.size === 0 && !isNarrow()) await openNoted();
  byId("columns").scrollLeft = 0;
  remember();
}

/** The phones of those who have a note, side by side as far as there is room. */
async function openNoted() {
  const room = Math.max(1, Math.floor(byId("columns").clientWidth / NARROWEST_PHONE));
  const { people } = await get(`/people?limit=${room}`);
  for (const person of people.filter(({ note }) => note)) openPhone(person);
}

// Everything that happens

function onEvent(event) {
  switch (event.type) {
    case "chat": phones.get(event.person)?.botChats.get(event.bot)?.refresh(); peopleChanged(); break;
    case "group": for (const phone of phones.values()) phone.refreshGroups(); peopleChanged(); break;
    case "friends": phones.get(event.person)?.refreshFriends(); peopleChanged(); break;
    case "read": peopleChanged(); break;
    case "seen": showSeen(event.bot, event.update); break;
    case "action": showTyping(event); break;
    case "commands": for (const phone of phones.values()) for (const chat of phone.botChats.values()) chat.loadMenuButton(); break;
    case "clock": setClock(event); break;
    case "not_simulated": get("/state").then(showState).catch((error) => notify(error.message)); break;
    case "people": peopleChanged(); break;
    case "reload": location.reload(); break;
    default: break;
  }
}

function showTyping({ person, bot, group, draft }) {
  if (group) for (const phone of phones.values()) phone.groups.get(group)?.showTyping();
  else phones.get(person)?.botChats.get(bot)?.showTyping(true, draft);
}

/** A bot has taken every message up to this one: their ticks. */
function showSeen(bot, update) {
  if (bot === bots[0].id) seen = update;
  for (const phone of phones.values()) phone.botChats.get(bot)?.showSeen(update);
  peopleChanged();
}

function showState(state) {
  state.bots.forEach((bot, place) => { bots[place] = Object.assign(bots[place] ?? {}, bot); });
  seen = state.seen;
  byId("bot-username").textContent = `${bots.map(({ username }) => `@${username}`).join(", ")} · ${words.say("local_telegram")}`;
  document.title = bots[0].first_name;
  showNotSimulated(state.counters.not_simulated);
  setClock(state.clock);
}

/** The methods that the bot called in vain, because this Telegram has them not. */
function showNotSimulated(counted) {
  const methods = Object.entries(counted).map(([method, times]) => (times > 1 ? `${method} ×${times}` : method));
  byId("not-simulated").hidden = methods.length === 0;
  byId("not-simulated").textContent = methods.length ? words.say("not_simulated", { methods: methods.join(", ") }) : "";
}

async function connected() {
  showState(await get("/state"));
  for (const phone of phones.values()) phone.refresh();
  await loadPeople();
}

await loadWords();
const state = await get("/state");
setZone(state.zone);
words = wordsFor(language);
fillWords(document, words);
byId("columns").dataset.hint = words.say("choose_person");
startPreferences();
startClock(words);
showState(state);
byId("add-person").addEventListener("click", addPerson);
byId("search").addEventListener("input", peopleChanged);
arrowKeys(byId("people"), ".person");
document.addEventListener("visibilitychange", () => { for (const phone of phones.values()) phone.shown.read?.(); });
await restore();
listen(onEvent, () => connected().catch((error) => notify(error.message)));
