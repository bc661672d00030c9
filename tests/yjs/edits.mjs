// Random edits of a document: text, map, array and XML.

import * as Y from 'yjs';

const WORDS = ['a', 'the ', 'room', '🙂', 'ä', ' ', '\n', 'durable', '日本', 'x'.repeat(40)];
const KEYS = ['one', 'two', 'three', 'four'];
const FORMATS = [{ bold: true }, { bold: null }, { italic: true }, { italic: null }, { color: 'red' }, { color: null }];

/** Returns a plain value. */
function plain(random) {
  return random.one([
    () => random.below(1000),
    () => random.next(),
    () => -random.below(2 ** 31),
    () => random.one(WORDS),
    () => random.chance(0.5),
    () => null,
    () => ({ list: [random.below(9), random.one(WORDS)], deep: { er: random.one(WORDS) } }),
    () => new Uint8Array([random.below(256), 0, 255]),
  ])();
}

/** Returns a value of a map or an array: a plain one, or a nested type. */
function value(random) {
  return random.one([
    () => plain(random),
    () => plain(random),
    () => new Y.Text(random.one(WORDS)),
    () => Y.Array.from([random.below(9), random.one(WORDS)]),
    () => new Y.Map([[random.one(KEYS), random.below(9)]]),
  ])();
}

function element(random) {
  const made = new Y.XmlElement(random.one(['p', 'h1', 'ul']));
  made.setAttribute('id', `${random.below(100)}`);
  made.insert(0, [new Y.XmlText(random.one(WORDS))]);
  return made;
}

/**
 * Moves a position out of the middle of a surrogate pair: an edit there makes Yjs show two replacement characters, and a
 * format that changes nothing shows them on one client only.
 */
function whole(units, at) {
  return /^[\udc00-\udfff]/.test(units.slice(at, at + 1)) ? at - 1 : at;
}

function editText(random, text) {
  const units = text
    .toDelta()
    .map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc'))
    .join('');
  const at = whole(units, random.below(units.length + 1));
  const count = whole(units, at + Math.min(random.between(1, 8), units.length - at)) - at;
  switch (random.below(count > 0 ? 6 : 2)) {
    case 0:
    case 1:
      return text.insert(at, random.one(WORDS), random.chance(0.3) ? random.one(FORMATS) : undefined);
    case 2:
      return text.format(at, count, random.one(FORMATS));
    case 3:
      return text.insertEmbed(at, { image: random.one(WORDS) });
    default:
      return text.delete(at, count);
  }
}

function editArray(random, array) {
  const at = random.below(array.length + 1);
  const count = Math.min(random.between(1, 3), array.length - at);
  if (count > 0 && random.chance(0.4)) {
    array.delete(at, count);
  } else {
    array.insert(at, random.chance(0.3) ? [plain(random), plain(random)] : [value(random)]);
  }
}

function editMap(random, map) {
  const key = random.one(KEYS);
  if (random.chance(0.25)) {
    map.delete(key);
  } else {
    map.set(key, value(random));
  }
}

function editXml(random, parent) {
  const at = random.below(parent.length + 1);
  if (parent.length > at && random.chance(0.3)) {
    parent.delete(at, 1);
  } else if (parent instanceof Y.XmlElement && random.chance(0.3)) {
    if (random.chance(0.3)) {
      parent.removeAttribute('id');
    } else {
      parent.setAttribute(random.one(['id', 'class']), random.one(WORDS));
    }
  } else {
    parent.insert(at, [random.chance(0.7) ? element(random) : new Y.XmlText(random.one(WORDS))]);
  }
}

/** Edits a type, or a type nested in it. */
function editType(random, type) {
  const children = type instanceof Y.Map ? [...type.values()] : type instanceof Y.Text ? [] : type.toArray();
  const nested = children.filter((child) => child instanceof Y.AbstractType);
  if (nested.length > 0 && random.chance(0.5)) {
    editType(random, random.one(nested));
  } else if (type instanceof Y.Text) {
    editText(random, type);
  } else if (type instanceof Y.Map) {
    editMap(random, type);
  } else if (type instanceof Y.Array) {
    editArray(random, type);
  } else {
    editXml(random, type);
  }
}

/** Returns the root types of the tests' documents. */
export function roots(doc) {
  return [doc.getText('text'), doc.getMap('map'), doc.getArray('array'), doc.getXmlFragment('xml')];
}

/** Makes one edit of one to three changes. */
export function edit(random, doc) {
  const types = roots(doc);
  doc.transact(() => {
    for (let changes = random.chance(0.2) ? 3 : 1; changes > 0; changes -= 1) {
      editType(random, random.one(types));
    }
  });
}
