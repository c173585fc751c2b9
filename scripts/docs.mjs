// Writes the documents that follow from the code: the references of configuration, errors and the HTTP API, and the import
// table in docs/architecture.md. `--check` writes nothing and fails where a document says something else than the code.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationReference } from './docs/configuration-reference.mjs';
import { errorReference } from './docs/error-reference.mjs';
import { httpReference } from './docs/http-reference.mjs';
import { importTableText } from './docs/import-table-text.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = (path) => join(root, 'dist', 'src', path);
const read = (path) => readFileSync(join(root, path), 'utf8');

const documents = await makeDocuments();
if (process.argv.includes('--check')) check();
else write();

async function makeDocuments() {
  const { configurationKeys } = await import(built('server/configuration.js'));
  const { forms } = await import(built('server/configuration-forms.js'));
  const { boundsOf } = await import(built('server/configuration-keys.js'));
  const { errorKinds } = await import(built('base/errors.js'));
  const table = JSON.parse(read('scripts/check/imports.json'));
  return {
    'docs/reference/configuration.md': configurationReference(configurationKeys, { forms, boundsOf }),
    'docs/reference/errors.md': errorReference(errorKinds),
    'docs/architecture.md': importTableText(read('docs/architecture.md'), table),
    ...(await httpDocuments()),
  };
}

async function httpDocuments() {
  if (!existsSync(built('http/openapi.js'))) return {};
  const { openApiDocument } = await import(built('http/openapi.js'));
  const openApi = await openApiDocument(JSON.parse(read('package.json')).version);
  return {
    'docs/reference/openapi.json': `${JSON.stringify(openApi, null, 2)}\n`,
    'docs/reference/http-api.md': httpReference(openApi),
  };
}

function check() {
  const stale = Object.entries(documents).filter(
    ([path, text]) => !existsSync(join(root, path)) || read(path) !== text,
  );
  for (const [path] of stale) process.stdout.write(`${path} is not what the code says; run node scripts/docs.mjs\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
}

function write() {
  for (const [path, text] of Object.entries(documents)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
