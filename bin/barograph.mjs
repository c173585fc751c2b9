#!/usr/bin/env node
// The program is built into dist/; this file only finds it, so that a checkout and an installed package start alike.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/src/server/cli/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) await import(main.href);
else {
  process.stderr.write('Barograph is not built yet. Run `npm run setup` in its folder, then try again.\n');
  process.exitCode = 1;
}
