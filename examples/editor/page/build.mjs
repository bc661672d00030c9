// Makes `public/page.js`, the page's script with all that it takes from npm: `npm ci && npm run build` in this directory.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const {
  metafile,
  outputFiles: [{ text }],
} = await build({
  entryPoints: ['page.ts'],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  lineLimit: 120,
  legalComments: 'none',
  metafile: true,
  write: false,
});
await writeFile('../public/page.js', `/*!\n\n${await notices(metafile)}*/\n${text}`);

/** The licenses of all that went into the bundle, which ask to be wherever a copy of it is: each once. */
async function notices({ inputs }) {
  const packages = Object.keys(inputs).map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  const licenses = new Map();
  for (const name of [...new Set(packages)].filter((found) => found !== undefined).sort()) {
    const directory = `node_modules/${name}`;
    const { version } = JSON.parse(await readFile(`${directory}/package.json`, 'utf8'));
    const file = (await readdir(directory)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) {
      throw new Error(`${name} ${version} has no license: what is bundled needs one`);
    }
    const license = (await readFile(`${directory}/${file}`, 'utf8')).replaceAll(/[ \t]+$/gm, '').trim();
    licenses.set(license, [...(licenses.get(license) ?? []), `${name} ${version}`]);
  }
  return [...licenses].map(([license, names]) => `${names.join('\n')}\n\n${license}\n`).join('\n');
}
