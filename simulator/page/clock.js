// The clock in the header: shown in Paris time, paused, hastened and moved.

import { get, post } from "/page/api.js";
import { ask, byId, make, notify } from "/page/dom.js";

const PARIS = "Europe/Paris";
const DATE = new Intl.DateTimeFormat("en-GB", { timeZone: PARIS, weekday: "short", day: "numeric", month: "short", year: "numeric" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { timeZone: PARIS, weekday: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { timeZone: PARIS, day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { timeZone: PARIS, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const SHORT = new Intl.DateTimeFormat("en-GB", { timeZone: PARIS, hour: "2-digit", minute: "2-digit" });
const MARK = new Intl.DateTimeFormat("en-GB", { timeZone: PARIS, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

let reading = { now: Date.now(), speed: 1, at: performance.now() };

export const parisDay = (iso) => DATE.format(new Date(iso));
export const parisTime = (iso) => SHORT.format(new Date(iso));

function now() {
  return new Date(reading.now + (performance.now() - reading.at) * reading.speed);
}

/** Take over what the simulator says of its clock. */
export function setClock({ now: instant, speed }) {
  reading = { now: Date.parse(instant), speed, at: performance.now() };
  for (const button of document.querySelectorAll("[data-speed]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
  }
  byId("clock-speed").textContent = speed === 0 ? "paused" : speed === 1 ? "" : `×${speed}`;
  show();
}

function show() {
  const instant = now();
  byId("clock-weekday").textContent = WEEKDAY.format(instant);
  byId("clock-date").textContent = DAY.format(instant);
  byId("clock-time").textContent = TIME.format(instant);
}

async function move(content) {
  try {
    setClock(await post("/clock", content));
  } catch (error) {
    notify(error.message);
  }
}

/** How many milliseconds Paris is ahead of UTC at an instant. */
function parisOffset(instant) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: PARIS, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(instant);
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - Math.floor(instant / 1000) * 1000;
}

/** "2016-11-19T08:00" on a Paris wall as an instant. */
function fromParis(local) {
  const guess = Date.parse(`${local}Z`);
  const first = guess - parisOffset(new Date(guess));
  return new Date(guess - parisOffset(new Date(first)));
}

function toParis(instant) {
  return new Date(instant.getTime() + parisOffset(instant)).toISOString().slice(0, 16);
}

async function jump() {
  const { marks } = await get("/marks");
  const values = await ask("jump-dialog", (form, done) => {
    form.elements.at.value = toParis(now());
    byId("marks").replaceChildren(...marks.map((mark) => make("button", { type: "button", class: "mark-button", on: { click: () => done({ mark: mark.at }) } },
      make("strong", {}, mark.label), make("span", {}, MARK.format(new Date(mark.at))))));
  });
  if (values) await move({ now: values.mark ?? fromParis(values.at).toISOString() });
}

export function startClock() {
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
