/**
 * How a configuration value is written by people and kept by the program: `1s` is 1000 ms, `64MiB` is 67108864 bytes.
 * Every source (file, environment, flag) hands over text, so that one value is written the same way everywhere.
 */
export type FormName =
  | 'address'
  | 'choice'
  | 'count'
  | 'duration'
  | 'duration_or_off'
  | 'folder'
  | 'size'
  | 'structure'
  | 'text'
  | 'url';

/** Where the server listens. Port 0 lets the system choose a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Form {
  /** The value that the text means, or undefined where it means none. */
  parse(text: string): unknown;
  /** The text that people would write for a value; parsing it gives the value back. */
  format(value: unknown): string;
  /** Completes "wanted …" in an error. */
  readonly wanted: string;
}

const durationUnitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnitsBytes = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;
/** Units to write sizes in, largest first. */
const sizeUnitsWritten = ['TiB', 'GiB', 'MiB', 'KiB'] as const;

/** Milliseconds of `500ms`, `1s`, `1.5h` or `0`; undefined for anything else, and for a part of a millisecond. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  return scaled(text, /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/, durationUnitsMs);
}

/** The shortest exact way to write a duration. */
export function formatDurationMs(ms: number): string {
  const units = Object.entries(durationUnitsMs).reverse();
  const [name, unitMs] = units.find(([, unitMs]) => ms !== 0 && ms % unitMs === 0) ?? ['ms', 1];
  return ms === 0 ? '0' : `${ms / unitMs}${name}`;
}

/** Bytes of `64MiB`, `1.5 GiB`, `10GB` or a plain number; undefined for anything else, and for a part of a byte. */
export function parseSizeBytes(text: string): number | undefined {
  if (/^\d+$/.test(text)) return safeInteger(Number(text));
  return scaled(text, /^(\d+(?:\.\d+)?) ?([kKMGT]i?B|B)$/, sizeUnitsBytes);
}

/** The shortest exact way to write a size. */
export function formatSizeBytes(bytes: number): string {
  const unit = sizeUnitsWritten.find((name) => bytes !== 0 && bytes % sizeUnitsBytes[name] === 0);
  return unit === undefined ? `${bytes}` : `${bytes / sizeUnitsBytes[unit]}${unit}`;
}

/** `HOST:PORT`; an IPv6 host stands in brackets. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Credentials have keys of their own: in a URL they would be printed with it. */
function parseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, '') : undefined;
}

/** Lists and sections that others parse further. */
function parseStructure(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const parseText = (text: string): string | undefined => (text.trim() === '' ? undefined : text);
const parseCount = (text: string): number | undefined =>
  /^\d+(?:_\d+)*$/.test(text) ? safeInteger(Number(text.replaceAll('_', ''))) : undefined;

export const forms: Readonly<Record<FormName, Form>> = {
  address: { parse: parseAddress, format: (value) => formatAddress(value as Address), wanted: 'HOST:PORT' },
  choice: { parse: parseText, format: String, wanted: 'one word' },
  count: { parse: parseCount, format: String, wanted: 'a whole number' },
  duration: {
    parse: parseDurationMs,
    format: (value) => formatDurationMs(value as number),
    wanted: 'a duration such as 500ms, 1s, 5m or 2h',
  },
  duration_or_off: {
    parse: (text) => (text === 'off' ? Number.POSITIVE_INFINITY : parseDurationMs(text)),
    format: (value) => (value === Number.POSITIVE_INFINITY ? 'off' : formatDurationMs(value as number)),
    wanted: 'a duration such as 5m, 1h or 1d, or off',
  },
  folder: { parse: parseText, format: String, wanted: 'a path' },
  size: {
    parse: parseSizeBytes,
    format: (value) => formatSizeBytes(value as number),
    wanted: 'a size such as 64MiB, 10GiB or a number of bytes',
  },
  structure: {
    parse: parseStructure,
    format: (value) => JSON.stringify(value),
    wanted: 'a list or section (as JSON outside of the file)',
  },
  text: { parse: parseText, format: String, wanted: 'text' },
  url: { parse: parseUrl, format: String, wanted: 'an http or https URL without user, password and query' },
};

function scaled(text: string, pattern: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const match = pattern.exec(text);
  const unit = units[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : safeInteger(Number(match[1]) * unit);
}

const safeInteger = (value: number): number | undefined => (Number.isSafeInteger(value) ? value : undefined);
