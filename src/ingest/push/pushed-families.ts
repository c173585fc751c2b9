/** A decoded push as families of metrics. */
import { BarographError } from '../../base/errors.js';
import type { Steps } from '../../base/turns.js';
import { checkCanonical } from '../../model/label-check.js';
import { metricNameOf } from '../../model/labels.js';
import type { DecodedMetrics, MetricMetadata, MetricType, SampleBatch } from '../../model/sample-batch.js';
import { familyOf } from './family-names.js';
import { type PushedFamily, type PushedSeries, reservedNames, stepSeries } from './pushed-group.js';

/** Where the samples of a family lie in a batch: numbers of runs, each of one sample. */
type Runs = number[];

/**
 * In steps, the families of a push at `timeMs`, by name, in the order of the body; those without a sample are left out, and those whose names are reserved.
 * Fails with `inconsistent_push` where a series comes twice, and with the code of `checkCanonical` where its labels cannot be stored.
 */
export function* pushedFamilies(decoded: DecodedMetrics, timeMs: number): Steps<Map<string, PushedFamily>> {
  const { batch, metadata, rejections } = decoded;
  // Of a text that is read strictly, only series that come twice are rejected one by one.
  if (rejections[0] !== undefined)
    throw new BarographError('inconsistent_push', `line ${rejections[0].line}: ${rejections[0].message}`);
  const declared = new Map(metadata.map((each) => [each.metric, each]));
  const types = new Map<string, MetricType>(metadata.map(({ metric, type }) => [metric, type]));
  const runsByFamily = new Map<string, Runs>();
  for (let run = 0; run < batch.runCount; run++) {
    if (run % stepSeries === 0) yield;
    const [start, end] = [batch.keyStarts[run]!, batch.keyEnds[run]!];
    const problem = checkCanonical(batch.keys, start, end);
    if (problem !== undefined) throw new BarographError(problem.code, problem.message);
    const family = familyOf(metricNameOf(batch.keys, start, end), types);
    if (reservedNames.has(family)) continue;
    const runs = runsByFamily.get(family);
    if (runs === undefined) runsByFamily.set(family, [run]);
    else runs.push(run);
  }
  const families = new Map<string, PushedFamily>();
  for (const [metric, runs] of runsByFamily) {
    const series = yield* seriesOf(batch, runs);
    families.set(metric, { ...(declared.get(metric) ?? undeclared(metric)), series, pushedMs: timeMs });
  }
  return families;
}

const undeclared = (metric: string): MetricMetadata => ({ metric, type: 'unknown', help: '', unit: '' });

/** Copies. */
function* seriesOf({ keys, keyStarts, keyEnds, values }: SampleBatch, runs: Runs): Steps<PushedSeries> {
  const keyBytes = runs.reduce((sum, run) => sum + keyEnds[run]! - keyStarts[run]!, 0);
  const series = {
    keys: new Uint8Array(keyBytes),
    ends: new Uint32Array(runs.length),
    values: new Float64Array(runs.length),
  };
  let at = 0;
  for (const [i, run] of runs.entries()) {
    if (i % stepSeries === 0) yield;
    series.keys.set(keys.subarray(keyStarts[run], keyEnds[run]), at);
    at += keyEnds[run]! - keyStarts[run]!;
    series.ends[i] = at;
    series.values[i] = values[run]!;
  }
  return series;
}
