/** Files as the importer reads them: which format a file has by its name, and its bytes without their compression. */
import { createReadStream } from 'node:fs';
import { BarographError } from '../../base/errors.js';
import { type ContentEncoding, decodedBody } from '../../protocols/content-encoding.js';
import { type FileFormat, fileFormats } from './import-options.js';

const formatByExtension: ReadonlyMap<string, FileFormat> = new Map([
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
  ['json', 'ndjson'],
  ['csv', 'csv'],
  ['tsv', 'csv'],
  ['parquet', 'parquet'],
  ['pq', 'parquet'],
]);
const encodingByExtension: ReadonlyMap<string, ContentEncoding> = new Map([
  ['gz', 'gzip'],
  ['zst', 'zstd'],
]);

export interface FileKind {
  readonly format: FileFormat;
  readonly encoding: ContentEncoding;
  /** What parts the cells of a CSV file. */
  readonly delimiter: string;
}

/** What a file is by its name, unless a format is given. `-` is the standard input. Fails with `bad_use`. */
export function fileKindOf(path: string, given: FileFormat | undefined): FileKind {
  const extensions = path.toLowerCase().split('.').slice(1);
  const encoding = encodingByExtension.get(extensions.at(-1) ?? '') ?? 'identity';
  const extension = (encoding === 'identity' ? extensions.at(-1) : extensions.at(-2)) ?? '';
  const format = given ?? formatByExtension.get(extension);
  if (format === undefined) {
    throw new BarographError('bad_use', `cannot tell the format of ${path === '-' ? 'the standard input' : path}`, {
      hint: `Say it with --format ${fileFormats.join('|')}.`,
    });
  }
  if (format === 'parquet' && (encoding !== 'identity' || path === '-')) {
    throw new BarographError('bad_use', `${path}: Parquet is read in places, so it must be a plain file`);
  }
  return { format, encoding, delimiter: extension === 'tsv' ? '\t' : ',' };
}

const readBytes = 256 * 1024;

/** The decompressed bytes of a file or of the standard input. `onRead` is told of the file's own bytes as they are read. */
export function bytesOf(
  path: string,
  encoding: ContentEncoding,
  onRead: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  const stream = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: readBytes });
  const counted = countedBytes(stream, onRead);
  if (encoding === 'identity') return counted;
  return decodedBody(counted, { encoding, encodedBytesMax: Infinity, decodedBytesMax: Infinity });
}

async function* countedBytes(
  stream: AsyncIterable<Uint8Array>,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    onRead(chunk.length);
    yield chunk;
  }
}
