/** Runs an import: checks first, then files one after the other, then the report. */
import { type ExitCode, exitCodes } from './exit-codes.js';
import { createHttpClient, type HttpClient } from './http-client.js';
import { rowPaths } from './import-fields.js';
import { checkFiles, importFile, type RowPlan } from './import-file.js';
import type { ImportKind, ImportOptions } from './import-options.js';
import { planOf } from './import-plan.js';
import { createDrySender, createSender, type ImportTotals, interrupted } from './import-sender.js';
import { type Progress, type ProgressStream, startProgress } from './progress.js';
import { serverUrl } from './server-url.js';

/** Where an import writes: the report goes to `stdout`, progress and the rows of a dry run to `stderr`. */
export interface ImportOutput {
  readonly stdout: ProgressStream;
  readonly stderr: ProgressStream;
}

/**
 * Imports files one after the other, reports, and gives the exit code: failure where more rows were rejected than allowed.
 * Fails with `bad_use` before anything is sent, later with what stopped it.
 */
export async function runImport(
  kind: ImportKind,
  files: readonly string[],
  options: ImportOptions,
  output: ImportOutput,
): Promise<ExitCode> {
  const plan = planOf(kind, options);
  const { format, delimiter } = options;
  await checkFiles(files.map((path) => ({ path, format, delimiter, plan })));
  const progress = startProgress(output.stderr);
  const totals: ImportTotals = { accepted: 0, rejected: 0, rejections: [] };
  const client = options.dryRun === true ? undefined : await openClient(options, progress);
  const startedMs = performance.now();
  try {
    await importAll(kind, files, options, { plan, progress, totals, client });
  } finally {
    progress.end();
    await client?.close();
    // After a failure too: what was taken before it counts.
    output.stdout.write(reportOf(kind, totals, (performance.now() - startedMs) / 1000, options));
  }
  return totals.rejected > options.allowRejected ? exitCodes.failure : exitCodes.success;
}

interface Run {
  readonly plan: RowPlan;
  readonly progress: Progress;
  readonly totals: ImportTotals;
  readonly client: HttpClient | undefined;
}

async function importAll(kind: ImportKind, files: readonly string[], options: ImportOptions, run: Run): Promise<void> {
  const { plan, progress, totals, client } = run;
  const path = kind === 'metrics' ? '/api/v1/import' : rowPaths[kind];
  const senderOptions = { path, batchRowsMax: options.batchRows, concurrency: options.concurrency };
  const sender =
    client === undefined
      ? createDrySender(totals, (line) => progress.say(line))
      : createSender({ client, ...senderOptions }, totals);
  const isStopped = (): boolean => options.onError === 'stop' && totals.rejected > options.allowRejected;
  const show = progressLine(progress, totals);
  try {
    for (const file of files) {
      const onProgress = (rows: number, share: number | undefined): void => show(file, rows, share);
      const { format, delimiter, batchRows: batchRowsMax } = options;
      await importFile({ path: file, format, delimiter, plan, sender, totals, batchRowsMax, onProgress, isStopped });
      if (isStopped()) break;
    }
    if (isStopped()) await sender.stop();
    else await sender.finish();
  } catch (error) {
    await sender.stop();
    throw interrupted(error, totals);
  }
}

/** Fails at once where nothing listens: patience is for a server that goes away, not for a wrong address. */
async function openClient(options: ImportOptions, progress: Progress): Promise<HttpClient> {
  const { url: givenUrl, config, concurrency } = options;
  const url = serverUrl({
    ...(givenUrl === undefined ? {} : { url: givenUrl }),
    ...(config === undefined ? {} : { config }),
  });
  const probe = createHttpClient({ url, connectionsMax: 1, patienceMs: 0 });
  try {
    await probe.send({ method: 'GET', path: '/healthz' });
  } finally {
    await probe.close();
  }
  return createHttpClient({
    url,
    connectionsMax: concurrency,
    onRetry: ({ waitMs, reason }) => progress.show(`trying again in ${(waitMs / 1000).toFixed(1)} s: ${reason}`),
  });
}

function progressLine(progress: Progress, totals: ImportTotals): (file: string, rows: number, share?: number) => void {
  const startedMs = performance.now();
  return (file, rows, share) => {
    const percent = share === undefined ? '' : ` ${Math.floor(share * 100)} %`;
    const perSecond = Math.round(totals.accepted / Math.max(0.001, (performance.now() - startedMs) / 1000));
    const rejected = totals.rejected === 0 ? '' : `, ${count(totals.rejected)} rejected`;
    progress.show(
      `${file}${percent}: ${count(rows)} read, ${count(totals.accepted)} accepted${rejected}, ${count(perSecond)}/s`,
    );
  };
}

/** The closing words: counts, and the first rejections with their places. */
export function reportOf(
  kind: ImportKind,
  totals: ImportTotals,
  seconds: number,
  options: Pick<ImportOptions, 'dryRun' | 'onError' | 'allowRejected'>,
): string {
  const what = kind === 'metrics' ? 'samples' : 'rows';
  const perSecond = count(Math.round(totals.accepted / Math.max(seconds, 0.001)));
  const did = options.dryRun === true ? 'would send' : 'accepted';
  const lines = [
    `${did} ${count(totals.accepted)} ${what}, rejected ${count(totals.rejected)}, in ${seconds.toFixed(1)} s (${perSecond}/s)`,
  ];
  for (const { file, row, code, message } of totals.rejections) lines.push(`${file} row ${row}: ${code}: ${message}`);
  const more = totals.rejected - totals.rejections.length;
  if (more > 0) lines.push(`and ${count(more)} more`);
  if (options.onError === 'stop' && totals.rejected > options.allowRejected) {
    lines.push('stopped; the rows that were not sent by then are neither accepted nor rejected');
  }
  return `${lines.join('\n')}\n`;
}

const count = (number: number): string => number.toLocaleString('en-US');
