/** The work of `barograph status`, loaded when the command runs. */
import { Value } from 'typebox/value';
import { BarographError } from '../../base/errors.js';
import { type ReadinessAnswer, readinessAnswer } from '../../http/contract/operations.js';
import type { ServerOptions } from './configuration-options.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { createHttpClient, type HttpRequest, parseAnswer } from './http-client.js';
import { serverUrl } from './server-url.js';

/** Prints how a server is, in words or as the JSON it answered; `failure` where it is not ready. */
export async function printStatus(options: ServerOptions & { readonly json?: boolean }): Promise<ExitCode> {
  const url = serverUrl(options);
  const readiness = await askReadiness(url);
  process.stdout.write(options.json ? `${JSON.stringify(readiness)}\n` : describeReadiness(readiness, url));
  return readiness.ready ? exitCodes.success : exitCodes.failure;
}

const readinessRequest: HttpRequest = { method: 'GET', path: '/readyz' };

/** Asks a server how it is. Fails with `server_unreachable`, or `unexpected_answer` where something else answers. */
export async function askReadiness(url: string): Promise<ReadinessAnswer> {
  const client = createHttpClient({ url, connectionsMax: 1, patienceMs: 0 });
  try {
    const answer = await client.send(readinessRequest);
    const readiness = parseAnswer(readinessRequest, answer);
    if (Value.Check(readinessAnswer, readiness)) return readiness;
    throw new BarographError(
      'unexpected_answer',
      `what answers at ${url} gives no report at ${readinessRequest.path}, but status ${answer.status}`,
      { hint: 'Another program may listen there. Name the right address with --url.' },
    );
  } finally {
    await client.close();
  }
}

/** The report in words: what is wrong first, then each part of the server on a line. */
export function describeReadiness({ ready, version, problems, engine, logs }: ReadinessAnswer, url: string): string {
  const engineVersion = engine.version === undefined ? '' : `, ClickHouse ${engine.version}`;
  const lines = [
    `Barograph ${version} at ${url} ${ready ? 'is ready' : 'is not ready'}`,
    ...problems.map((problem) => `  problem   ${problem}`),
    `  engine    ${engine.state}${engineVersion}`,
    ...Object.entries(logs).map(([plane, log]) => `  ${plane.padEnd(9)} ${describeLog(log)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function describeLog({ bytes, bytes_max, waiting_rows, appender }: ReadinessAnswer['logs']['events']): string {
  const waiting = waiting_rows === 0 ? 'no row waits' : `${waiting_rows} rows wait`;
  return `log ${roughSize(bytes)} of ${roughSize(bytes_max)}, ${waiting} for the engine, appender ${appender}`;
}

/** Bytes to three digits, for eyes. */
function roughSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}
