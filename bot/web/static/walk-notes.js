// What is noted on this phone: kept before anything else happens, sent in order once there is network, once each.
// The server's own rules stand in bot/rules/canvass/visits.py; these show what it will say, until it has said it.
const DAY = 24 * 3600 * 1000;
const MOST_SENT = 50;

const standing = (door) => door.noted.filter((each) => each.replaced === null);
const left = (door) => Math.max(0, door.dwellings - standing(door).length);
const isDone = (door) => left(door) === 0;

const every = (state) => state.sides.flatMap((side) => side.doors);
const order = (state) => Math.max(0, ...every(state).flatMap((door) => door.noted.map((each) => each.order))) + 1;

// A walk as it will be once these notes have arrived.
function applied(state, notes) {
  const after = structuredClone(state);
  for (const note of notes) if (note.outing === after.outing) APPLY[note.kind](after, note);
  return after;
}

function add(state, door, outcome, note) {
  door.noted.push({ outcome, tap: -note.key, replaced: null, mine: true, order: order(state) });
}

const found = (state, id) => every(state).find((door) => door.id === id);

const APPLY = {
  door(state, note) {
    const door = found(state, note.door);
    if (!door) return;
    if (isDone(door)) standing(door).at(-1).replaced = -note.key;
    add(state, door, note.outcome, note);
  },
  nobody(state, note) {
    const side = state.sides.find(({ doors }) => doors.some((door) => door.id === note.door));
    const [from, to] = [note.door, note.other].map((id) => side?.doors.findIndex((door) => door.id === id) ?? -1);
    if (from < 0 || to < 0) return;
    for (const door of side.doors.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      for (let dwellings = left(door); dwellings > 0; dwellings -= 1) add(state, door, "nobody", note);
    }
  },
  dwellings(state, note) {
    const door = found(state, note.door);
    if (door) door.dwellings = note.other;
  },
  undo(state, note) {
    for (const door of every(state)) {
      for (const gone of door.noted.filter((each) => each.mine && each.tap === note.other)) {
        for (const each of door.noted) if (each.replaced === note.other) each.replaced = gone.replaced;
        door.noted = door.noted.filter((each) => each !== gone);
      }
    }
  },
};

// The last tap of this walker that can be taken back, with its door; null where there is none.
function lastTap(state) {
  const mine = every(state).flatMap((door) => door.noted.filter((each) => each.mine).map((each) => ({ ...each, door })));
  return mine.reduce((last, each) => (last === null || each.order > last.order ? each : last), null);
}

// What this phone keeps of one walk. Two tabs read and write the same.
class Kept {
  constructor(walk) {
    this.name = `walk:${walk}`;
  }

  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name)) ?? {};
      return { state: null, skew: 0, notes: [], ...kept };
    } catch {
      return { state: null, skew: 0, notes: [] };
    }
  }

  change(change) {
    const kept = { ...this.read(), ...change(this.read()) };
    localStorage.setItem(this.name, JSON.stringify(kept));
    return kept;
  }

  note(told) {
    const key = Number(crypto.getRandomValues(new BigUint64Array(1))[0] >> 11n) || 1;
    this.change(({ notes, skew }) => ({ notes: [...notes, { ...told, key, at: Math.round(Date.now() + skew) }] }));
  }

  // As the server sees it now; what it has settled waits no more.
  learn(state, settled = []) {
    const gone = new Set(settled);
    this.change(({ notes }) => ({
      state,
      skew: state.now - Date.now(),
      notes: notes.filter(({ key }) => !gone.has(key)),
    }));
  }

  // Nothing of doors stays on a phone that is signed out, or that nobody took along for a day. What was not sent yet
  // names numbers alone, and is sent if its owner signs in again.
  forget({ all }) {
    const { notes } = this.read();
    localStorage.removeItem(this.name);
    if (!all && notes.length) this.change(() => ({ notes }));
  }

  get isOld() {
    const { state, skew } = this.read();
    return state !== null && Date.now() + skew - state.now > DAY;
  }

  // Those that leave next: of one time that the walk was offered.
  get batch() {
    const { notes } = this.read();
    const end = notes.findIndex(({ outing }) => outing !== notes[0].outing);
    return notes.slice(0, Math.min(MOST_SENT, end < 0 ? notes.length : end));
  }
}
