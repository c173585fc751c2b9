/** Which server a client command talks to: the one of `--url`, else the one that the configuration says to listen. */
import { BarographError } from '../../base/errors.js';
import type { Address } from '../configuration-forms.js';
import { formatAddress } from '../configuration-forms.js';
import { loadConfiguration } from '../configuration-loading.js';
import { configurationFlags, type ServerOptions } from './configuration-options.js';

/** The base URL, without a slash at its end. Fails with `bad_configuration` where none follows from the options. */
export function serverUrl(options: ServerOptions): string {
  if (options.url === undefined) return urlOf(loadConfiguration({ flags: configurationFlags(options) }).listen);
  const isHttp = URL.canParse(options.url) && /^https?:$/.test(new URL(options.url).protocol);
  if (!isHttp)
    throw new BarographError('bad_configuration', `--url: got "${options.url}", wanted an http or https URL`);
  return options.url.replace(/\/+$/, '');
}

/** Addresses that mean "every interface"; a client reaches the server through the loopback. */
const loopbacks: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function urlOf({ host, port }: Address): string {
  if (port === 0)
    throw new BarographError('bad_configuration', 'listen names port 0, which the system replaces by a free one', {
      hint: 'Give the address that the server printed with --url.',
    });
  return `http://${formatAddress({ host: loopbacks[host] ?? host, port })}`;
}
