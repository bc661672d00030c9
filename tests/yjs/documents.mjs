// Comparison of documents.

import { isDeepStrictEqual } from 'node:util';
import * as Y from 'yjs';

/** Returns the visible content of a document. */
export function shown(doc) {
  return {
    text: doc.getText('text').toDelta(),
    map: doc.getMap('map').toJSON(),
    array: doc.getArray('array').toJSON(),
    xml: doc.getXmlFragment('xml').toString(),
  };
}

/**
 * Returns the first difference of documents, in content or in insertions and deletions; null if there is none. Their
 * encodings may still differ: a document with an undo manager keeps deleted content.
 */
export function difference(docs) {
  const [first, ...others] = docs;
  const states = (doc) => JSON.stringify([...Y.decodeStateVector(Y.encodeStateVector(doc))]);
  const snapshot = (doc) => Buffer.from(Y.encodeSnapshot(Y.snapshot(doc))).toString('hex');
  const waits = docs.findIndex((doc) => doc.store.pendingStructs || doc.store.pendingDs);
  if (waits >= 0) {
    return `document ${waits} waits for a change that it has not got`;
  }
  for (const [index, doc] of others.entries()) {
    if (snapshot(doc) !== snapshot(first)) {
      return `the changes of document ${index + 1} are others than those of the first:
${states(doc)}
${states(first)}`;
    }
    if (!isDeepStrictEqual(shown(doc), shown(first))) {
      return `document ${index + 1} shows other things than the first:
${JSON.stringify(shown(doc))}
${JSON.stringify(shown(first))}`;
    }
  }
  return null;
}
