// Compiles src/kernel/assembly, the hot loops, to the WebAssembly module beside the compiled kernel.ts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const assembly = join(root, 'src/kernel/assembly');
const out = join(root, 'dist/src/kernel/kernel.wasm');
const options = ['-O3', '--converge', '--noAssert', '--runtime', 'minimal', '--enable', 'simd'];
mkdirSync(dirname(out), { recursive: true });
// What every file exports, the module exports.
const sources = readdirSync(assembly).filter((name) => name.endsWith('.ts'));
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/assemblyscript/bin/asc.js'),
    ...sources.map((name) => join(assembly, name)),
    ...options,
    '-o',
    out,
  ],
  { cwd: root, stdio: ['ignore', 2, 2] },
);
process.exitCode = status ?? 1;
