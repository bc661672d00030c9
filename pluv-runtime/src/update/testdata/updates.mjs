// Writes `updates.bin`: updates (V1) as stock Yjs makes them, each after its length (u32, little-endian).
//
//   npm install yjs@13.6 && node updates.mjs [updates.bin [seed [documents [edits [kept [longest]]]]]]
//
// The file in the repository is what it writes without arguments, with yjs 13.6.33.
import { writeFileSync } from 'node:fs'
import * as Y from 'yjs'

const [path = 'updates.bin', seed = 1, documents = 14, edits = 26, kept = 200, longest = 2500] = process.argv.slice(2)

let state = Number(seed)
const random = (below) => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) % below
}
const pick = (list) => list[random(list.length)]
const words = ['a', 'lorem ipsum ', 'ß', '日本', '👍🏽', '😀😀', '\u0000', '\n', '\ud83d', '\ude00x', 'é'.repeat(70)]
const keys = ['', 'a', 'b', 'title', 'ключ', '👍', '\ud800']
const value = (depth = 0) => {
  const plain = [
    undefined, null, true, false, 0, -0, 1, -1, 63, 64, 127, 8191, -8192, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 1e300,
    0.5, 0.1, NaN, Infinity, 12345678901234567890n % 2n ** 63n, -1n, '', pick(words), new Uint8Array([0, 1, 255]), new Date(0).toJSON(),
  ]
  if (depth < 3 && random(3) === 0) return Array.from({ length: random(4) }, () => value(depth + 1))
  if (depth < 3 && random(3) === 0) return Object.fromEntries(keys.slice(0, random(5)).map((key) => [key, value(depth + 1)]))
  return pick(plain)
}
const json = () => pick([null, true, 'red', 12, 1.5, { id: '日', deep: [[1, null], {}] }, [], ''])
const shared = () => pick([() => new Y.Array(), () => new Y.Map(), () => new Y.Text('t'), () => new Y.XmlElement('p'), () => new Y.XmlText('x'), () => new Y.XmlFragment()])()

// Every type that an edit may go to: the roots and what they hold.
const places = (doc) => {
  const found = [doc.getText('text'), doc.getArray('array'), doc.getMap('map'), doc.getXmlFragment('xml'), doc.getText(''), doc.getMap('корень')]
  for (let i = 0; i < found.length && found.length < 40; i++) {
    const type = found[i]
    const inner = type instanceof Y.Map ? [...type.values()] : type instanceof Y.Array || type instanceof Y.XmlFragment ? type.toArray() : []
    found.push(...inner.filter((item) => item instanceof Y.AbstractType))
  }
  return found
}

const edit = (doc) => {
  const type = pick(places(doc))
  const at = random((type.length ?? 0) + 1)
  const many = Math.min(random(6) + 1, (type.length ?? 0) - at)
  if (type instanceof Y.Text) {
    pick([
      () => type.insert(at, pick(words)),
      () => type.insert(at, pick(words), { bold: pick([true, null]) }),
      () => many > 0 && type.delete(at, many),
      () => many > 0 && type.format(at, many, { [pick(['bold', 'color', 'link'])]: json() }),
      () => !(type instanceof Y.XmlText) && type.insertEmbed(at, { image: json() }),
      () => type.applyDelta([{ retain: at }, { insert: pick(words), attributes: { i: json() } }]),
    ])()
  } else if (type instanceof Y.XmlElement && random(2) === 0) {
    random(3) ? type.setAttribute(pick(['id', 'class']), pick(words)) : type.removeAttribute('id')
  } else if (type instanceof Y.XmlFragment) {
    many > 0 && random(2) ? type.delete(at, many) : type.insert(at, [random(2) ? new Y.XmlElement(pick(['p', 'h1'])) : new Y.XmlText(pick(words))])
  } else if (type instanceof Y.Map) {
    const key = pick(keys)
    pick([() => type.set(key, value()), () => type.set(key, value()), () => type.set(key, shared()), () => type.delete(key)])()
  } else {
    pick([
      () => type.insert(at, Array.from({ length: random(5) + 1 }, () => { const made = value() ?? null; return typeof made === 'bigint' ? [made] : made })),
      () => type.insert(at, [shared()]),
      () => many > 0 && type.delete(at, many),
    ])()
  }
}

const updates = []
for (let n = 0; n < documents; n++) {
  const peers = Array.from({ length: 1 + (n % 4) }, (_, peer) => {
    const doc = new Y.Doc({ gc: n % 3 !== 0 })
    // Yjs draws 32 bits; a client of `yrs` draws 53.
    doc.clientID = n % 5 === 4 ? Number.MAX_SAFE_INTEGER - peer - n * 8 : n * 131 + random(2 ** 32 - 10000) + peer
    const log = []
    doc.on('update', (update) => log.push(update))
    return { doc, log, undo: new Y.UndoManager([doc.getText('text'), doc.getArray('array'), doc.getMap('map')], { captureTimeout: 0 }) }
  })
  for (let step = 0; step < edits; step++) {
    const { doc, undo } = pick(peers)
    if (random(8) === 0) random(2) ? undo.undo() : undo.redo()
    else doc.transact(() => { for (let i = random(4); i >= 0; i--) edit(doc) })
    if (random(4) === 0) {
      const [from, to] = [pick(peers), pick(peers)]
      const diff = Y.encodeStateAsUpdate(from.doc, Y.encodeStateVector(to.doc))
      updates.push(diff)
      Y.applyUpdate(to.doc, diff)
    }
  }
  for (const { doc, log } of peers) {
    updates.push(...log)
    const whole = Y.encodeStateAsUpdate(doc)
    updates.push(whole, Y.diffUpdate(whole, new Uint8Array([1, 1, 0])))
    if (log.length > 6) {
      // With gaps: skips in the merged one, and a document with pending structs and deletions.
      const some = log.filter(() => random(3) > 0)
      const merged = Y.mergeUpdates(some)
      const pending = new Y.Doc()
      Y.applyUpdate(pending, merged)
      const halfway = Y.encodeStateVectorFromUpdate(log[3])
      updates.push(merged, Y.mergeUpdates(some.reverse()), Y.encodeStateAsUpdate(pending), Y.diffUpdate(merged, halfway), Y.diffUpdate(whole, halfway))
    }
  }
  updates.push(Y.mergeUpdates(peers.flatMap(({ log }) => log)), Y.mergeUpdates(peers.map(({ doc }) => Y.encodeStateAsUpdate(doc))))
}

// Evenly spread over all that were made, without the long ones.
const chosen = []
const short = updates.filter((update) => update.length > 2 && update.length < longest)
for (let i = 0; i < Number(kept) && i < short.length; i++) chosen.push(short[Math.floor((i * short.length) / Math.min(kept, short.length))])
const file = Buffer.concat(chosen.flatMap((update) => {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(update.length)
  return [length, update]
}))
writeFileSync(path, file)
console.log(`${chosen.length} of ${updates.length} updates, ${file.length} bytes`)
