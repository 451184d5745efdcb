// The page: people on the left, open chats as columns, the clock on top.

import { get, listen, post } from "/page/api.js";
import { setClock, startClock } from "/page/clock.js";
import { Column } from "/page/column.js";
import { ask, avatar, byId, make, notify } from "/page/dom.js";

const LISTED = 200;
const NARROWEST_COLUMN = 340; // as in chat.css
const columns = new Map();
let bot = { first_name: "", username: "" };
let listTimer = 0;

// People

async function loadPeople() {
  const search = byId("search").value;
  const { people, found, total } = await get(`/people?limit=${LISTED}&search=${encodeURIComponent(search)}`);
  byId("people").replaceChildren(...people.map(personRow));
  const shown = people.length < found ? `${people.length} of ${found} shown` : "";
  byId("people-count").textContent = total === 0 ? "Nobody is here yet: add a person to begin." : shown;
}

function personRow(person) {
  const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
  const standing = person.deactivated ? "account deleted" : person.blocked ? "blocked the bot" : person.last_text || (person.started ? "" : "has not started yet");
  const open = columns.has(person.id);
  const row = make("button", { type: "button", class: "person", attrs: { "aria-pressed": String(open) }, on: { click: () => (open ? closeChat(person.id) : openChat(person)) } },
    avatar(person),
    make("span", { class: "person-text" },
      make("span", { class: "person-name" }, make("strong", {}, name), make("span", { class: "language" }, person.language_code)),
      make("span", { class: "person-last" }, [person.note, standing].filter(Boolean).join(" · ") || "nothing yet")));
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
    openChat(await post("/people", values));
  } catch (error) {
    notify(error.message);
  }
}

// Columns

const isPhone = () => matchMedia("(max-width: 760px)").matches;

function openChat(person) {
  if (columns.has(person.id)) return;
  if (isPhone()) for (const id of [...columns.keys()]) closeChat(id);
  const column = new Column(person, bot, () => closeChat(person.id));
  columns.set(person.id, column);
  byId("columns").append(column.node);
  column.refresh();
  column.node.scrollIntoView({ inline: "end", block: "nearest" });
  remember();
}

function closeChat(id) {
  columns.get(id)?.node.remove();
  columns.delete(id);
  remember();
}

function remember() {
  localStorage.setItem("open", JSON.stringify([...columns.keys()]));
  document.body.classList.toggle("chatting", columns.size > 0);
  byId("columns").classList.toggle("vacant", columns.size === 0);
  peopleChanged();
}

/** Open the chats named in the address (?open=1,2), or those that were open last time, or the first that fit. */
async function restore() {
  const named = new URLSearchParams(location.search).get("open");
  const ids = named ? named.split(",").map(Number) : JSON.parse(localStorage.getItem("open") ?? "[]");
  for (const id of isPhone() ? ids.slice(0, 1) : ids) {
    try {
      openChat(await get(`/people/${id}`));
    } catch {
      // Somebody who was there before a reset is not there now: nothing to show.
    }
  }
  if (columns.size === 0 && !isPhone()) await openNoted();
  byId("columns").scrollLeft = 0;
  remember();
}

/** The chats of those who have a note, side by side as far as there is room. */
async function openNoted() {
  const room = Math.max(1, Math.floor(byId("columns").clientWidth / NARROWEST_COLUMN));
  const { people } = await get(`/people?limit=${room}`);
  for (const person of people.filter(({ note }) => note)) openChat(person);
}

// Everything that happens

function onEvent(event) {
  switch (event.type) {
    case "chat": columns.get(event.person)?.refresh(); peopleChanged(); break;
    case "action": columns.get(event.person)?.showTyping(); break;
    case "clock": setClock(event); break;
    case "people": peopleChanged(); break;
    case "reload": location.reload(); break;
    default: break;
  }
}

async function connected() {
  const state = await get("/state");
  bot = Object.assign(bot, state.bot);
  byId("bot-name").textContent = bot.first_name;
  byId("bot-username").textContent = `@${bot.username} · local Telegram`;
  document.title = bot.first_name;
  setClock(state.clock);
  for (const column of columns.values()) column.refresh();
  await loadPeople();
}

// Light and dark

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

function startTheme() {
  const asked = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("theme");
  if (asked === "dark" || asked === "light") document.documentElement.dataset.theme = asked;
  byId("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    setTheme(dark === "dark" ? "light" : "dark");
  });
}

startTheme();
startClock();
byId("add-person").addEventListener("click", addPerson);
byId("search").addEventListener("input", peopleChanged);
await restore();
listen(onEvent, () => connected().catch((error) => notify(error.message)));
