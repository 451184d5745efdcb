// A walk on a phone: the doors of each side of a street, a map of them, and one tap for what happened.
const told = (id) => JSON.parse(document.getElementById(id).textContent);
const words = told("words");
const at = (id) => document.getElementById(id);
const path = location.pathname;
const kept = new Kept(path);
const PACE = 10_000;
const PATIENCE = 15_000;

let side = 0;
let current = null;
let ranging = false;
let isSending = false;
let isCut = false;
let isOut = false;

const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
const walk = () => {
  const { state, notes } = kept.read();
  return applied(state, notes);
};
const name = (door) => door.name || words.no_number;
const label = ({ street, doors }) => {
  const [first, last] = [doors[0], doors.at(-1)].map(name);
  return first === last ? `${street}, ${first}` : `${street}, ${first}–${last}`;
};

function element(kind, properties = {}, ...children) {
  const made = document.createElement(kind);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

function drawn(kind, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const colour = (door) => (isDone(door) ? `done ${standing(door).at(-1).outcome}` : standing(door).length ? "begun" : "open");

function choose(id) {
  current = id;
  draw();
}

// The door that is next: itself while dwellings are left, then those behind it, then those that were passed over.
function next(doors, id) {
  const place = Math.max(0, doors.findIndex((door) => door.id === id));
  return [...doors.slice(place), ...doors.slice(0, place)].find((door) => !isDone(door))?.id ?? null;
}

function note(kind, door, more = {}) {
  kept.note({ kind, door, outing: kept.read().state.outing, ...more });
  current = next(walk().sides[side].doors, door) ?? door;
  ranging = false;
  draw();
  send();
}

function undo() {
  const last = lastTap(walk());
  if (!last) return;
  const { sides } = walk();
  side = sides.findIndex(({ doors }) => doors.some((door) => door.id === last.door.id));
  note("undo", last.door.id, { other: last.tap });
  choose(last.door.id);
}

// -- what is seen --

function drawSides(state) {
  at("sides").replaceChildren(
    ...state.sides.map((each, place) => {
      const done = each.doors.filter(isDone).length;
      const option = element("option", { value: place, textContent: `${label(each)} (${done}/${each.doors.length})` });
      option.selected = place === side;
      return option;
    }),
  );
  const doors = every(state);
  at("done").textContent = say(words.done, { done: doors.filter(isDone).length, total: doors.length });
}

function drawDoors(doors) {
  at("doors").replaceChildren(
    ...doors.map((door) => {
      const outcome = standing(door).at(-1)?.outcome;
      const mark = isDone(door) && outcome ? words.marks[outcome] : left(door) < door.dwellings ? "…" : "";
      const said = isDone(door) && outcome ? `${name(door)}, ${words.outcomes[outcome]}` : name(door);
      const button = element("button", { type: "button", className: `door ${colour(door)}` }, name(door), element("span", { className: "mark", textContent: mark }));
      button.setAttribute("aria-label", said);
      if (door.id === current) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => (ranging ? note("nobody", current, { other: door.id }) : choose(door.id)));
      return element("li", {}, button);
    }),
  );
}

function drawMap(state) {
  const doors = every(state);
  const [xs, ys] = [doors.map((door) => door.x), doors.map((door) => -door.y)];
  const [west, north] = [Math.min(...xs), Math.min(...ys)];
  const width = Math.max(40, Math.max(...xs) - west);
  const height = Math.max(40, Math.max(...ys) - north);
  const size = Math.max(width, height) / 26;
  const map = at("map");
  const across = Math.max(height, width * 0.4);
  map.setAttribute("viewBox", `${west - 2 * size} ${north - 2 * size - (across - height) / 2} ${width + 4 * size} ${across + 4 * size}`);
  const way = state.sides.map((each) => drawn("polyline", { class: "way", points: each.doors.map((door) => `${door.x},${-door.y}`).join(" "), "stroke-width": size / 3 }));
  const spots = state.sides.map((each, place) =>
    each.doors.map((door) => {
      const spot = drawn("circle", { class: `spot ${colour(door)}${door.id === current ? " here" : ""}${place === side ? " side" : ""}`, cx: door.x, cy: -door.y, r: door.id === current ? size * 0.8 : size * 0.5, "stroke-width": size / 5 });
      spot.addEventListener("click", () => {
        side = place;
        ranging = false;
        choose(door.id);
      });
      return spot;
    }),
  );
  spots.push(...spots.splice(side, 1)); // what is spoken of lies on top
  const names = new Map(state.sides.map((each) => [each.street, each.doors[Math.floor(each.doors.length / 2)]]));
  const streets = [...names].map(([street, door]) => {
    const text = drawn("text", { class: "street", x: Math.min(Math.max(door.x, west + width * 0.25), west + width * 0.75), y: -door.y - size, "font-size": size * 1.1, "text-anchor": "middle", "stroke-width": size / 3 });
    text.textContent = street;
    return text;
  });
  const metres = [10, 20, 50, 100, 200, 500, 1000].findLast((each) => each <= width / 2) ?? 10;
  const foot = north - 2 * size - (across - height) / 2 + across + 3.4 * size;
  const scale = drawn("path", { class: "scale", d: `M${west} ${foot}h${metres}`, "stroke-width": size / 4 });
  const length = drawn("text", { class: "length", x: west + metres + size / 2, y: foot + size / 3, "font-size": size });
  length.textContent = `${metres} m`;
  map.replaceChildren(...way, ...spots.flat(), ...streets, scale, length);
}

function drawDoor(doors) {
  const door = doors.find((each) => each.id === current);
  const all = doors.every(isDone);
  at("card").classList.toggle("ranging", ranging);
  at("title").textContent = ranging ? say(words.nobody_from, { door: name(door) }) : say(words.door, { door: name(door) });
  at("all").hidden = !all || ranging;
  const several = { done: standing(door).length, total: door.dwellings };
  at("dwellings").textContent = door.dwellings > 1 ? say(words.dwellings, several) : say(words.dwelling, { number: 1 });
  at("counting").hidden = ranging;
  at("fewer").disabled = door.dwellings <= 1;
  at("last").hidden = !door.last;
  if (door.last) {
    const day = new Date(`${door.last.day}T12:00`).toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "long" });
    at("last").textContent = say(words.last, { day, outcome: words.outcomes[door.last.outcome].toLowerCase() });
  }
  const seen = door.noted.map((each) => say(each.mine ? words.mine : words.other, { outcome: words.outcomes[each.outcome].toLowerCase() }));
  at("noted").textContent = seen.join(" · ");
  at("noted").hidden = !seen.length;
  at("outcomes").hidden = ranging;
  at("range").textContent = ranging ? words.back : words.nobody_until;
  at("undo").disabled = !lastTap(walk());
}

function drawNet() {
  const waiting = kept.read().notes.length;
  const net = at("net");
  net.className = isCut ? "net cut" : waiting ? "net waits" : "net";
  net.textContent = isCut ? say(words.cut, { n: waiting }) : waiting ? say(words.waits, { n: waiting }) : words.sent;
}

function draw() {
  if (isOut) return;
  const state = walk();
  if (!state.sides.length) return; // no door is left of it: the answer to what waits says that it is over
  side = Math.min(side, state.sides.length - 1);
  const { doors } = state.sides[side];
  if (!doors.some((door) => door.id === current)) current = next(doors, doors[0].id) ?? doors[0].id;
  drawSides(state);
  drawDoors(doors);
  drawMap(state);
  drawDoor(doors);
  drawNet();
  document.body.dataset.waiting = kept.read().notes.length;
}

// -- network --

async function ask(address, body) {
  const given = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(address, { ...given, signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 401 || answer.status === 410) await signedOut();
  if (answer.status === 409) await end(words.not_yours, { all: false });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

// Everything that waits, in order, one request after the other; then what the other walker has noted.
async function send() {
  if (isSending || isOut) return;
  isSending = true;
  try {
    do {
      const notes = kept.batch;
      const answer = await ask(`${path}/notes`, { outing: notes[0]?.outing ?? kept.read().state?.outing ?? 1, notes });
      if (isOut) return;
      kept.learn(answer.state, answer.said.map(([key]) => key));
      refused(answer.said.filter(([_key, why]) => why));
    } while (kept.read().notes.length);
    isCut = false;
    if (kept.read().state.over) await end(words.over, { all: true });
  } catch {
    isCut = true;
  } finally {
    isSending = false;
  }
  draw();
}

function refused(some) {
  for (const [_key, why] of some) at("refused").append(element("li", { textContent: words.refusals[why] }));
  if (some.length) at("refusals").hidden = false;
}

// No network: whatever was asked for is said to whoever can act on it, and nothing is pretended.
async function help() {
  try {
    const { told: number } = await ask(`${path}/help`, {});
    at("told").textContent = number ? words.helped : words.nobody_helps;
  } catch {
    at("told").textContent = words.not_helped;
  }
  at("told").hidden = false;
}

const signedOut = () => end(words.signed_out, { all: false });

async function end(text, how) {
  isOut = true;
  kept.forget(how);
  await caches?.delete("walk");
  at("main").replaceChildren(element("p", { className: "note", textContent: text }));
}

// This page and all that it needs, for when there is no network.
async function putAside() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/app/walk/worker.js", { scope: "/app/walk/" });
  const cache = await caches.open("walk");
  const files = [...document.querySelectorAll("link[href], script[src]")].map((each) => each.href || each.src);
  await cache.addAll([location.origin + path, ...files]);
  document.body.dataset.aside = "yes";
}

// After a day without network the doors are gone, from the page that lies on the phone too; it is fetched anew if it can be.
async function erase() {
  await end(words.erased, { all: false });
  if (navigator.onLine) location.reload();
}

function look() {
  if (isOut) return;
  if (kept.isOld) erase();
  else if (!document.hidden) send();
}

function begin() {
  if (kept.isOld) {
    erase();
    return;
  }
  const embedded = told("state");
  // The page may have lain on the phone for hours: what was learnt since is truer, and what time it is is asked anew.
  if (kept.read().state === null) kept.learn(embedded);
  side = Math.max(0, walk().sides.findIndex(({ doors }) => !doors.every(isDone)));
  at("sides").addEventListener("change", ({ target }) => {
    [side, current, ranging] = [Number(target.value), null, false];
    draw();
  });
  for (const button of document.querySelectorAll("[data-outcome]")) {
    button.addEventListener("click", () => note("door", current, { outcome: button.dataset.outcome }));
  }
  at("range").addEventListener("click", () => {
    ranging = !ranging;
    draw();
  });
  at("undo").addEventListener("click", undo);
  for (const [id, step] of [["fewer", -1], ["more", 1]]) {
    at(id).addEventListener("click", () => {
      const door = found(walk(), current);
      const wanted = Math.min(200, Math.max(1, door.dwellings + step));
      note("dwellings", door.id, { other: wanted });
      choose(door.id);
    });
  }
  at("code").addEventListener("click", () => at("qr").showModal());
  at("close").addEventListener("click", () => at("qr").close());
  at("help").addEventListener("click", help);
  addEventListener("online", send);
  addEventListener("offline", () => {
    isCut = true;
    drawNet();
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, PACE);
  draw();
  send();
  putAside().catch(() => {}); // A browser that keeps nothing aside still keeps what is noted as long as the page is open.
}

begin();
