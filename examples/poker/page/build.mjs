// Makes `public/page.js`, the page's script: `npm ci && npm run build` in this directory.

import { build } from 'esbuild';

await build({
  entryPoints: ['page.ts'],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  outfile: '../public/page.js',
  logLevel: 'warning',
});
