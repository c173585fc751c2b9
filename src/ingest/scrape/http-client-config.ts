/** How requests to targets and discoveries are made: who we are, whom we trust. Checked out of the configuration's sections. */
import { resolve } from 'node:path';
import type { TellProblem } from './read-section.js';
import type { HttpClientSection, TlsSection, tlsVersions } from './scrape-config-schema.js';

/** A text of the configuration, or a file that is read anew for every request, so that it can be changed at any time. */
export type TextSource = { readonly text: string } | { readonly file: string };

export type Authorization =
  | { readonly kind: 'basic'; readonly username: TextSource; readonly password: TextSource }
  /** `Authorization: <type> <credentials>`. */
  | { readonly kind: 'credentials'; readonly type: string; readonly credentials: TextSource };

export interface TlsConfig {
  readonly ca: TextSource | undefined;
  readonly cert: TextSource | undefined;
  readonly key: TextSource | undefined;
  readonly serverName: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion | undefined;
}

export type TlsVersion = (typeof tlsVersions)[number];

export interface HttpClientConfig {
  readonly authorization: Authorization | undefined;
  readonly tls: TlsConfig;
  readonly followRedirects: boolean;
}

/** What reading a section needs besides it. */
export interface SectionContext {
  /** Where relative paths start. */
  readonly folder: string;
  readonly tell: TellProblem;
}

/** Checks what the keys must be to each other; every problem is told. `place` names the section they lie in. */
export function httpClientConfig(read: HttpClientSection, place: string, context: SectionContext): HttpClientConfig {
  return {
    authorization: authorizationOf(read, place, context),
    tls: tlsOf(read.tlsConfig, `${place}.tls_config`, context),
    followRedirects: read.followRedirects,
  };
}

function authorizationOf(read: HttpClientSection, place: string, context: SectionContext): Authorization | undefined {
  const { basicAuth, authorization } = read;
  const bearer = textSource('bearer_token', read.bearerToken, read.bearerTokenFile, place, context);
  if ([basicAuth, authorization, bearer].filter((given) => given !== undefined).length > 1)
    context.tell(`${place}: at most one of basic_auth, authorization and bearer_token can be given`);
  if (basicAuth !== undefined) {
    const at = `${place}.basic_auth`;
    const username = textSource('username', basicAuth.username, basicAuth.usernameFile, at, context);
    const password = textSource('password', basicAuth.password, basicAuth.passwordFile, at, context);
    return { kind: 'basic', username: username ?? { text: '' }, password: password ?? { text: '' } };
  }
  if (authorization === undefined)
    return bearer === undefined ? undefined : { kind: 'credentials', type: 'Bearer', credentials: bearer };
  const at = `${place}.authorization`;
  if (authorization.type.toLowerCase() === 'basic') context.tell(`${at}.type: is basic; use basic_auth for it`);
  const source = textSource('credentials', authorization.credentials, authorization.credentialsFile, at, context);
  if (source === undefined) context.tell(`${at}: credentials or credentials_file is missing`);
  return { kind: 'credentials', type: authorization.type.trim(), credentials: source ?? { text: '' } };
}

function tlsOf(read: TlsSection | undefined, place: string, context: SectionContext): TlsConfig {
  const source = (key: string, text: string | undefined, file: string | undefined) =>
    textSource(key, text, file, place, context);
  const cert = source('cert', read?.cert, read?.certFile);
  const key = source('key', read?.key, read?.keyFile);
  if ((cert === undefined) !== (key === undefined))
    context.tell(`${place}: a certificate and its key belong together, one of them is missing`);
  return {
    ca: source('ca', read?.ca, read?.caFile),
    cert,
    key,
    serverName: read?.serverName,
    insecureSkipVerify: read?.insecureSkipVerify ?? false,
    minVersion: read?.minVersion ?? 'TLS12',
    maxVersion: read?.maxVersion,
  };
}

function textSource(
  key: string,
  text: string | undefined,
  file: string | undefined,
  place: string,
  { folder, tell }: SectionContext,
): TextSource | undefined {
  if (text !== undefined && file !== undefined) tell(`${place}: at most one of ${key} and ${key}_file can be given`);
  if (text !== undefined) return { text };
  return file === undefined || file === '' ? undefined : { file: resolve(folder, file) };
}
