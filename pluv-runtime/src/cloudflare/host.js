// The parts of the host that are JavaScript, as they save calls out of wasm or have to outlive the wasm instance.

// Sockets: a map from a connection's number to its socket and the units sent to it, and back from sockets to numbers.

/** Returns the number of a socket's connection, or -1. Adds 2 ** 32 if the message exceeds the limit. */
function findConnection(numbers, socket, message, limit) {
  const number = numbers.get(socket) ?? -1;
  return number >= 0 && (message?.length ?? message?.byteLength) > limit ? number + 2 ** 32 : number;
}

function messageLength(message) {
  return message.length ?? message.byteLength;
}

function messageBytes(message) {
  return new Uint8Array(message);
}

function insertSocket(lines, connection, socket) {
  lines.set(connection, { socket, sent: 0 });
}

function getSocket(lines, connection) {
  return lines.get(connection)?.socket;
}

/** Sends a text frame, and returns whether more than `bound` was sent to a connection. */
function sendText(lines, connections, frame, bound) {
  let isMuch = false;
  for (const connection of connections) {
    const line = lines.get(connection);
    if (line === undefined) continue;
    try {
      line.socket.send(frame);
    } catch {
      // It is closing, and its close event follows.
    }
    line.sent += frame.length;
    if (line.sent > bound) isMuch = true;
  }
  return isMuch;
}

function sendBinary(lines, connections, frame, bound) {
  // The platform sends later, and wasm's memory is another frame's by then.
  return sendText(lines, connections, frame.slice(), bound);
}

/** Returns the connections to which more than `bound` was sent, and counts anew for these. */
function takeSentMuch(lines, bound) {
  const connections = [];
  for (const [connection, line] of lines) {
    if (line.sent > bound) {
      line.sent = 0;
      connections.push(connection);
    }
  }
  return connections;
}

// Pings, which `worker` wraps only in part.

function stopAutoResponse(state) {
  state.setWebSocketAutoResponse();
}

function lastPing(state, socket) {
  return state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? -1;
}

// Timers. A busy room waits some thousand times a second: callbacks that stay cost a fraction of a future for each.

function afterCommit(storage, durable, failed) {
  storage.sync().then(durable, failed);
}

function afterMillis(done, millis) {
  setTimeout(done, millis);
}

/** Replaces a timeout by one of so many milliseconds, or by none. */
function replaceTimeout(timeout, done, millis) {
  clearTimeout(timeout);
  return millis === undefined ? undefined : setTimeout(done, millis);
}

/** How often an instance was lost: what an interval of a lost one would call is gone. */
let lostInstances = 0;

/** Replaces the interval of a tick by one of so many milliseconds, or by none. */
function replaceTick(timer, run, tick, millis) {
  clearInterval(timer);
  if (millis === undefined) return undefined;
  const instance = lostInstances;
  const interval = setInterval(() => (instance === lostInstances ? run(tick) : clearInterval(interval)), millis);
  return interval;
}

function abortObject(state, reason) {
  state.abort(reason);
}

// Work that is lost with the wasm instance. All rooms of an isolate share one instance.

const pendingRooms = new Set();
const startingRooms = new Map();

/** The edits and handlers of a room that wait for something that only the wasm instance knows. */
class PendingWork {
  edits = new Set();
  jobs = new Set();
  signalLoss = null;
  /** The alarm that waits for handlers, and when the next one is due. */
  alarm = null;
  nextAlarm = Infinity;

  constructor(lines, code) {
    this.lines = lines;
    this.code = code;
  }

  track() {
    if (this.signalLoss === null) {
      // The promise is made in the room's own context: no other may touch its sockets.
      new Promise((resolve) => {
        this.signalLoss = resolve;
      }).then(() => this.lost());
    }
    pendingRooms.add(this);
  }

  /** Sets the end of the alarm that waits: while it does, no other comes. */
  limitAlarm() {
    if (this.alarm !== null) {
      clearTimeout(this.alarm.timer);
      this.alarm.timer = setTimeout(this.alarm.end, Math.min(this.alarm.deadline, this.nextAlarm) - Date.now());
    }
  }

  settle() {
    if (this.edits.size === 0 && this.jobs.size === 0) {
      pendingRooms.delete(this);
    }
  }

  lost() {
    const waiting = new Set(this.edits);
    for (const job of this.jobs) {
      job.connections.forEach((connection) => waiting.add(connection));
      job.lost();
    }
    for (const connection of waiting) {
      try {
        this.lines.get(connection)?.socket.close(this.code, 'the room restarted');
      } catch {
        // It is closing already.
      }
    }
  }
}

function newPendingWork(lines, code) {
  return new PendingWork(lines, code);
}

function trackEdit(pending, connection) {
  pending.edits.add(connection);
  pending.track();
}

function editsDurable(pending) {
  pending.edits.clear();
  pending.settle();
}

/** Notes when the next alarm is due. */
function setNextAlarm(pending, due) {
  pending.nextAlarm = due;
  pending.limitAlarm();
}

/**
 * Returns a promise that ends with `promise`, or when the instance is lost. That of an alarm ends after `timeout` milliseconds
 * or when the next alarm is due, too.
 */
function trackJob(pending, promise, connections, timeout) {
  return new Promise((resolve, reject) => {
    const alarm = { deadline: Date.now() + timeout, timer: undefined, end: () => endAlarm(resolve)() };
    const endAlarm = (settle) => (value) => {
      clearTimeout(alarm.timer);
      if (pending.alarm === alarm) pending.alarm = null;
      settle(value);
    };
    const end = (settle) => (value) => {
      pending.jobs.delete(job);
      pending.settle();
      endAlarm(settle)(value);
    };
    const lost = () => (connections.length > 0 ? resolve() : reject(new Error('the room restarted')));
    const job = { connections, lost };
    pending.jobs.add(job);
    pending.track();
    if (timeout !== undefined) {
      pending.alarm = alarm;
      pending.limitAlarm();
    }
    promise.then(end(resolve), end(reject));
  });
}

/** Whether worker-build's shim makes a new instance after a panic. */
function hasShim() {
  return globalThis.__worker_init_state !== undefined;
}

/** The instance is lost: closes the connections that wait, and tells the sender of the current message. */
function instanceLost(lines, connection, text, bytes, note) {
  globalThis.__worker_init_state.criticalError = true;
  lostInstances += 1;
  const rooms = [...pendingRooms];
  pendingRooms.clear();
  rooms.forEach((pending) => pending.signalLoss());
  if (note !== '') {
    console.error(note);
  }
  try {
    lines?.get(connection)?.socket.send(bytes.length > 0 ? bytes.slice() : text);
  } catch {
    // It is closing.
  }
}

/** Notes that a room is being started; false if its last start was lost less than `delay` milliseconds ago. */
function beginStart(room, delay) {
  const since = startingRooms.get(room);
  const now = Date.now();
  if (since !== undefined && now - since < delay) {
    return false;
  }
  startingRooms.set(room, now);
  return true;
}

function endStart(room) {
  startingRooms.delete(room);
}

// One object, as wasm-bindgen would import a function that needs no glue of its own under the module's name each time, and
// bundlers warn of a key that repeats.
export const host = {
  findConnection,
  messageLength,
  messageBytes,
  insertSocket,
  getSocket,
  sendText,
  sendBinary,
  takeSentMuch,
  stopAutoResponse,
  lastPing,
  afterCommit,
  afterMillis,
  replaceTimeout,
  replaceTick,
  abortObject,
  newPendingWork,
  trackEdit,
  editsDurable,
  setNextAlarm,
  trackJob,
  hasShim,
  instanceLost,
  beginStart,
  endStart,
};
