// Makes public/vendor/yjs.js, which the page imports and so needs no build: `npm ci && npm run build` in this directory.
// For another version of yjs, change package.json and run `npm install` first.

import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';

/** A package's version, and its license, which asks to be wherever a copy of it is. */
async function notice(name) {
  const read = (file) => readFile(`node_modules/${name}/${file}`, 'utf8');
  const { version } = JSON.parse(await read('package.json'));
  return `${name} ${version}\n\n${(await read('LICENSE')).trim()}`;
}

// All that goes into the bundle.
const notices = await Promise.all(['yjs', 'lib0'].map(notice));

await build({
  entryPoints: ['yjs'],
  bundle: true,
  format: 'esm',
  minify: true,
  lineLimit: 120,
  outfile: '../public/vendor/yjs.js',
  banner: { js: `/*! Made by examples/chat/vendor.\n\n${notices.join('\n\n')}\n*/` },
});
