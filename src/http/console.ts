/** The console at `/`: a page and its files, read once at the start and kept in memory. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BarographError } from '../base/errors.js';

interface Asset {
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly etag: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pageFolder = join(root, 'web');
const scriptFolder = join(root, 'dist', 'web');

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Nothing comes from elsewhere and nothing inline runs, so that text in a stored row cannot become a script. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Registers GET `/` and `/console/<file>`. Where the scripts are not built, `/` says so and the API works all the same. */
export function registerConsole(app: FastifyInstance): void {
  const schema = { hide: true };
  if (!existsSync(join(scriptFolder, 'app.js'))) {
    app.get('/', { schema }, () => {
      throw new BarographError('not_found', 'the console is not built', { hint: '`npm run setup` builds it.' });
    });
    return;
  }
  for (const asset of readAssets())
    app.get(asset.path, { schema }, (request, reply) => sendAsset(asset, request, reply));
}

function readAssets(): Asset[] {
  const scripts = readdirSync(scriptFolder).filter((name) => name.endsWith('.js'));
  return [
    assetOf('/', join(pageFolder, 'index.html')),
    assetOf('/console/styles.css', join(pageFolder, 'styles.css')),
    assetOf('/console/icon.svg', join(pageFolder, 'icon.svg')),
    ...scripts.map((name) => assetOf(`/console/${name}`, join(scriptFolder, name))),
  ];
}

function assetOf(path: string, file: string): Asset {
  const type = extname(file);
  // Source maps are not served; the scripts read as they were written.
  const text = readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const body = Buffer.from(text, 'utf8');
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { path, contentType: contentTypes[type] ?? 'application/octet-stream', body, etag };
}

/** A browser keeps the file and asks whether it is still the same one: an upgrade shows at the next load. */
function sendAsset({ contentType, body, etag }: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ ...securityHeaders, 'cache-control': 'no-cache', etag });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type(contentType).send(body);
}
