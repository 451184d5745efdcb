// The clock in the header: shown in the phones' zone, paused, hastened and moved.

import { get, post } from "/page/api.js";
import { ask, byId, make, notify } from "/page/dom.js";
import { zoneName } from "/page/words.js";

let reading = { now: Date.now(), speed: 1, at: performance.now() };
let words;

/** The simulated instant. */
export function now() {
  return new Date(reading.now + (performance.now() - reading.at) * reading.speed);
}

/** Take over what the simulator says of its clock. */
export function setClock({ now: instant, speed }) {
  reading = { now: Date.parse(instant), speed, at: performance.now() };
  for (const button of document.querySelectorAll("[data-speed]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
  }
  byId("clock-speed").textContent = speed === 0 ? words.say("paused") : speed === 1 ? "" : `×${speed}`;
  show();
}

function show() {
  const instant = now();
  byId("clock-weekday").textContent = words.weekdayFormat.format(instant);
  byId("clock-date").textContent = words.dateFormat.format(instant);
  byId("clock-time").textContent = words.secondsFormat.format(instant);
}

async function move(content) {
  try {
    setClock(await post("/clock", content));
  } catch (error) {
    notify(error.message);
  }
}

/** How many milliseconds the zone is ahead of UTC at an instant. */
function offset(instant) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zoneName(), hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(instant);
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - Math.floor(instant / 1000) * 1000;
}

/** "2016-11-19T08:00" on a wall of the zone as an instant. */
function fromWall(local) {
  const guess = Date.parse(`${local}Z`);
  const first = guess - offset(new Date(guess));
  return new Date(guess - offset(new Date(first)));
}

function toWall(instant) {
  return new Date(instant.getTime() + offset(instant)).toISOString().slice(0, 16);
}

async function jump() {
  const { marks } = await get("/marks");
  const values = await ask("jump-dialog", (form, done) => {
    form.elements.at.value = toWall(now());
    byId("marks").replaceChildren(...marks.map((mark) => make("button", { type: "button", class: "mark-button", on: { click: () => done({ mark: mark.at }) } },
      make("strong", {}, mark.label), make("span", {}, words.moment(mark.at)))));
  });
  if (values) await move({ now: values.mark ?? fromWall(values.at).toISOString() });
}

/** Begin to show the time, in the words of the page. */
export function startClock(pageWords) {
  words = pageWords;
  byId("clock-panel").setAttribute("aria-label", words.say("clock_zone", { zone: zoneName() }));
  byId("jump-at").textContent = words.say("date_in", { zone: zoneName() });
  for (const button of document.querySelectorAll("[data-speed]")) {
    button.addEventListener("click", () => move({ speed: Number(button.dataset.speed) }));
  }
  for (const button of document.querySelectorAll("[data-seconds]")) {
    button.addEventListener("click", () => move({ by_seconds: Number(button.dataset.seconds) }));
  }
  byId("jump-button").addEventListener("click", () => jump().catch((error) => notify(error.message)));
  const toggle = byId("clock-button");
  toggle.addEventListener("click", () => {
    const open = byId("clock-panel").classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  });
  setInterval(show, 250);
}
