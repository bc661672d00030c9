// Makes what the page imports, so that it needs no build: `npm ci && npm run build` in this directory.
// `public/vendor/chat.js` is the client that `cargo test` wrote for the room, `public/vendor/yjs.js` is the library yjs.
// `npm run check` writes nothing, and fails where a file is not what it should be.
// For another version of yjs, change package.json and run `npm install` first.

import { readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const OUT = '../public/vendor';
const checks = process.argv.includes('check');

/** A package's version, and its license, which asks to be wherever a copy of it is. */
async function notice(name) {
  const read = (file) => readFile(`node_modules/${name}/${file}`, 'utf8');
  const { version } = JSON.parse(await read('package.json'));
  return `${name} ${version}\n\n${(await read('LICENSE')).trim()}`;
}

/** Makes one file of `entry` and all that it imports. */
async function make(name, entry, banner, options) {
  const { outputFiles: [{ text }] } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    banner: { js: `/*! Made by examples/chat/vendor.${banner}*/` },
    write: false,
    ...options,
  });
  const file = `${OUT}/${name}`;
  if (!checks) {
    await writeFile(file, text);
  } else if (await readFile(file, 'utf8') !== text) {
    throw new Error(`${file} is not what ${entry} gives: run \`npm run build\` in examples/chat/vendor, and commit it`);
  }
}

// All that goes into the bundle.
const notices = await Promise.all(['yjs', 'lib0'].map(notice));
await make('yjs.js', 'yjs', `\n\n${notices.join('\n\n')}\n`, { minify: true, lineLimit: 120 });
await make('chat.js', '../bindings/Chat.ts', ' ', {});
