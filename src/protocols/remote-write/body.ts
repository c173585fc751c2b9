/** What surrounds the message of a remote write: its headers and its compression. Source: prometheus.io, Remote-Write specifications 1.0 and 2.0. */
import { BarographError } from '../../base/errors.js';
import type { Kernel } from '../../kernel/kernel.js';
import { type SnappyFault, unpackSnappy } from '../../kernel/unpack-snappy.js';

export type RemoteWriteVersion = 1 | 2;

const mediaType = 'application/x-protobuf';
const messages: Readonly<Record<string, RemoteWriteVersion>> = {
  'prometheus.WriteRequest': 1,
  'io.prometheus.write.v2.Request': 2,
};

export interface RemoteWriteHeaders {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/**
 * Which message the headers announce. The content type decides, as the specification has it, and not
 * X-Prometheus-Remote-Write-Version, which names the newest version that a sender knows. Old senders send neither content type nor
 * encoding: they mean version 1 and snappy, as for Prometheus. Fails with `unsupported_content_type` or `unsupported_encoding`: their status
 * 415 makes a sender try what it else can. So does vmagent, which begins with zstd (VictoriaMetrics' own protocol) and packs its data
 * as snappy once told 415. Source for that: VictoriaMetrics app/vmagent/remotewrite/client.go.
 */
export function announcedVersion({ contentType, contentEncoding }: RemoteWriteHeaders): RemoteWriteVersion {
  const encoding = (contentEncoding ?? '').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'snappy')
    throw new BarographError('unsupported_encoding', `content-encoding is ${contentEncoding}; wanted snappy`, {
      hint: 'Send the body compressed with snappy, in its block format.',
    });
  return versionOf(contentType ?? mediaType);
}

function versionOf(contentType: string): RemoteWriteVersion {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  if (type !== '' && type.toLowerCase() !== mediaType) throw unsupported(contentType);
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    if (parameter.slice(0, Math.max(0, equals)).trim().toLowerCase() !== 'proto') continue;
    const version =
      messages[
        parameter
          .slice(equals + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1')
      ];
    if (version === undefined) throw unsupported(contentType);
    return version;
  }
  return 1;
}

const unsupported = (contentType: string): BarographError =>
  new BarographError(
    'unsupported_content_type',
    `content-type is ${contentType}; wanted ${mediaType}, with proto=${Object.keys(messages).join(' or proto=')}`,
  );

/**
 * The message in a body that is compressed in snappy's block format. The length that the body announces is looked at before anything is
 * made room for. Fails with `body_too_large` where it is over `decodedBytesMax`, `corrupt_encoding` where the body is not what it says.
 * What it answers is valid until the kernel takes the next body. Source: google/snappy format_description.txt.
 */
export function decompressSnappy(kernel: Kernel, body: Uint8Array, decodedBytesMax: number): Uint8Array {
  const { length: announced, bytes: preambleBytes } = announcedLength(body);
  if (announced > decodedBytesMax)
    throw new BarographError(
      'body_too_large',
      `the body has more than ${decodedBytesMax} bytes once decompressed, the limit`,
      {
        hint: 'Send it in several bodies, or raise ingest.decoded_bytes_max.',
      },
    );
  if (announced > body.length * snappyRatioMax) throw corrupt(`${body.length} bytes cannot unfold to ${announced}`);
  const unpacked = unpackSnappy(kernel, body, preambleBytes, announced);
  if (typeof unpacked === 'string') throw corrupt(faults[unpacked]);
  return unpacked;
}

const faults: Readonly<Record<SnappyFault, string>> = {
  ends_within_an_element: 'it ends within an element',
  looks_back_too_far: 'a copy looks back to before its beginning',
  is_longer_than_announced: 'it is longer than it announces',
  is_shorter_than_announced: 'it is shorter than it announces',
};

/** No element unfolds further: three bytes copy up to 64. */
const snappyRatioMax = 64 / 3;

/** The preamble: a number of variable length below 2^32. */
function announcedLength(body: Uint8Array): { length: number; bytes: number } {
  let length = 0;
  for (let i = 0; i < 5 && i < body.length; i++) {
    const byte = body[i]!;
    length += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { length, bytes: i + 1 };
  }
  throw corrupt('it does not begin with its length');
}

const corrupt = (why: string): BarographError =>
  new BarographError('corrupt_encoding', `the body is not valid snappy in its block format: ${why}`);

/** What was stored of a request of version 2. */
export interface WrittenCounts {
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

/** The headers that answer a request, be it taken whole, in part or refused: without them a sender takes the receiver for one of version 1. */
export const writtenHeaders = ({ samples, histograms, exemplars }: WrittenCounts): Record<string, string> => ({
  'X-Prometheus-Remote-Write-Samples-Written': String(samples),
  'X-Prometheus-Remote-Write-Histograms-Written': String(histograms),
  'X-Prometheus-Remote-Write-Exemplars-Written': String(exemplars),
});
