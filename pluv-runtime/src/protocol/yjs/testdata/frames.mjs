// Writes `frames.json`: frames as stock `y-protocols` writes them, in base64, with what is in them.
//
//   npm install yjs@13.6 y-protocols@1.0 lib0@0.2 && node frames.mjs [frames.json]
//
// The file in the repository is what it writes with yjs 13.6.33, y-protocols 1.0.7 and lib0 0.2.120.
import { writeFileSync } from 'node:fs'
import * as encoding from 'lib0/encoding'
import * as authProtocol from 'y-protocols/auth'
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as syncProtocol from 'y-protocols/sync'
import * as Y from 'yjs'

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const frame = (type, write) => {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, type)
  write(encoder)
  return base64(encoding.toUint8Array(encoder))
}

const doc = (clientID, text) => {
  const made = new Y.Doc()
  made.clientID = clientID
  if (text) {
    made.getText('text').insert(0, text)
  }
  return made
}

const aware = (entries) => {
  const awareness = new Awareness(doc(7))
  clearInterval(awareness._checkInterval)
  awareness.states.clear()
  awareness.meta.clear()
  for (const { client, clock, state } of entries) {
    awareness.meta.set(client, { clock, lastUpdated: 0 })
    if (state) {
      awareness.states.set(client, state)
    }
  }
  return encodeAwarenessUpdate(awareness, entries.map((entry) => entry.client))
}

const max = Number.MAX_SAFE_INTEGER
const docs = [doc(1), doc(127, 'short'), doc(128, 'é👍'.repeat(30)), doc(2 ** 32 - 1, 'x'.repeat(400)), doc(max, 'last')]
const told = [
  [],
  [{ client: 0, clock: 0, state: {} }],
  [{ client: 127, clock: 128, state: { user: { name: 'Zoë 😀 "x" \\ [{', color: '#fff' }, cursor: [1, null] } }],
  [{ client: max, clock: max - 1, state: { deep: [[[[{}]]]] } }, { client: 300, clock: 1, state: null }],
  Array.from({ length: 60 }, (_, n) => ({ client: 2 ** 31 + n, clock: n * n, state: n % 3 ? { n } : null })),
]
const denials = ['', 'no', 'é👍 '.repeat(50)]

const frames = {
  step1: docs.map((it) => ({
    frame: frame(0, (encoder) => syncProtocol.writeSyncStep1(encoder, it)),
    content: base64(Y.encodeStateVector(it)),
  })),
  step2: docs.map((it) => ({
    frame: frame(0, (encoder) => syncProtocol.writeSyncStep2(encoder, it)),
    content: base64(Y.encodeStateAsUpdate(it)),
  })),
  update: docs.map((it) => ({
    frame: frame(0, (encoder) => syncProtocol.writeUpdate(encoder, Y.encodeStateAsUpdate(it))),
    content: base64(Y.encodeStateAsUpdate(it)),
  })),
  awareness: told.map((entries) => ({
    frame: frame(1, (encoder) => encoding.writeVarUint8Array(encoder, aware(entries))),
    content: entries.map(({ client, clock, state }) => ({ client, clock, state: JSON.stringify(state) })),
  })),
  denied: denials.map((reason) => ({
    frame: frame(2, (encoder) => authProtocol.writePermissionDenied(encoder, reason)),
    content: reason,
  })),
  query: [{ frame: frame(3, () => {}), content: '' }],
}
const { argv: [, , path = 'frames.json'] } = process
writeFileSync(path, `${JSON.stringify(frames, null, 1)}\n`)
process.exit()
