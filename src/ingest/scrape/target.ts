/**
 * What is scraped: an address that a discovery found, after relabelling. Labels that begin with `__` say how it is scraped and
 * stay with the target; the others become labels of its series. Source: prometheus/prometheus scrape/target.go.
 */
import { createHash } from 'node:crypto';
import { encodeLabels, type Label, type Labels, labelValue, sortedLabels } from '../../model/labels.js';
import { formatPrometheusDuration, parsePrometheusDurationMs } from './prometheus-units.js';
import type { ScrapeJob } from './scrape-config.js';
import type { LabelTexts } from './target-group.js';

export interface Target {
  readonly job: ScrapeJob;
  /** Tells one target of a job from another: equal where all that decides about its scrapes is equal. */
  readonly key: string;
  /** Labels as they were found, before relabelling. */
  readonly discoveredLabels: Labels;
  /** The labels that its series get. */
  readonly labels: Labels;
  readonly url: string;
  readonly intervalMs: number;
  /** Never more than the interval. */
  readonly timeoutMs: number;
}

/** What became of an address: a target, dropped by a rule, or not a target at all. */
export type FoundTarget =
  | { readonly kind: 'target'; readonly target: Target }
  | { readonly kind: 'dropped'; readonly discoveredLabels: Labels }
  | { readonly kind: 'invalid'; readonly discoveredLabels: Labels; readonly problem: string };

const hiddenPrefix = '__';
const metaPrefix = '__meta_';
const paramPrefix = '__param_';

/** The target at an address of a group with these labels. */
export function findTarget(job: ScrapeJob, address: string, groupLabels: LabelTexts): FoundTarget {
  const discoveredLabels = discoveredLabelsOf(job, address, groupLabels);
  const relabelled = job.relabel(discoveredLabels);
  if (relabelled === undefined) return { kind: 'dropped', discoveredLabels };
  const problem = targetProblem(relabelled);
  if (problem !== undefined) return { kind: 'invalid', discoveredLabels, problem };
  const named = new Map(relabelled.filter(([name]) => !name.startsWith(metaPrefix)));
  if (!named.has('instance')) named.set('instance', labelValue(relabelled, '__address__'));
  const all = sortedLabels(named);
  const url = urlOf(job, all);
  if (!URL.canParse(url)) return { kind: 'invalid', discoveredLabels, problem: `${url} is no URL` };
  const target: Target = {
    job,
    key: `${Buffer.from(encodeLabels(all)).toString('latin1')}${url}`,
    discoveredLabels,
    labels: all.filter(([name]) => !name.startsWith(hiddenPrefix)),
    url,
    intervalMs: durationOf(all, '__scrape_interval__')!,
    timeoutMs: durationOf(all, '__scrape_timeout__')!,
  };
  return { kind: 'target', target };
}

/** The address with the group's labels, and where these say nothing, how the job scrapes. */
function discoveredLabelsOf(job: ScrapeJob, address: string, groupLabels: LabelTexts): Labels {
  const labels = new Map(Object.entries(groupLabels).filter(([, value]) => value !== ''));
  labels.set('__address__', address);
  const defaults: Label[] = [
    ['job', job.jobName],
    ['__scrape_interval__', formatPrometheusDuration(job.scrapeIntervalMs)],
    ['__scrape_timeout__', formatPrometheusDuration(job.scrapeTimeoutMs)],
    ['__metrics_path__', job.metricsPath],
    ['__scheme__', job.scheme],
    ...Object.entries(job.params).map(([name, [value = '']]): Label => [paramPrefix + name, value]),
  ];
  for (const [name, value] of defaults) if (!labels.has(name)) labels.set(name, value);
  return sortedLabels(labels);
}

function targetProblem(labels: Labels): string | undefined {
  const address = labelValue(labels, '__address__');
  const scheme = labelValue(labels, '__scheme__');
  if (address === '') return 'there is no address';
  if (address.includes('/')) return `the address ${JSON.stringify(address)} is not of the form HOST:PORT`;
  if (scheme !== 'http' && scheme !== 'https') return `the scheme ${JSON.stringify(scheme)} is not http or https`;
  const intervalMs = durationOf(labels, '__scrape_interval__');
  const timeoutMs = durationOf(labels, '__scrape_timeout__');
  if (!intervalMs)
    return `the interval ${JSON.stringify(labelValue(labels, '__scrape_interval__'))} is no time above 0`;
  if (!timeoutMs) return `the timeout ${JSON.stringify(labelValue(labels, '__scrape_timeout__'))} is no time above 0`;
  return timeoutMs > intervalMs ? 'the timeout is longer than the interval' : undefined;
}

const durationOf = (labels: Labels, name: string): number | undefined =>
  parsePrometheusDurationMs(labelValue(labels, name));

function urlOf({ params }: ScrapeJob, labels: Labels): string {
  const values = new Map(Object.entries(params));
  for (const [name, value] of labels) {
    if (!name.startsWith(paramPrefix)) continue;
    const param = name.slice(paramPrefix.length);
    values.set(param, [value, ...(values.get(param) ?? []).slice(1)]);
  }
  const query = new URLSearchParams(
    Array.from(values, ([name, texts]) => texts.map((text): [string, string] => [name, text])).flat(),
  );
  query.sort();
  const path = encodeURI(labelValue(labels, '__metrics_path__')).replaceAll('?', '%3F').replaceAll('#', '%23');
  const origin = `${labelValue(labels, '__scheme__')}://${labelValue(labels, '__address__')}`;
  return `${origin}${path.startsWith('/') ? '' : '/'}${path}${query.size === 0 ? '' : `?${query}`}`;
}

/**
 * Milliseconds from `nowMs` to the first scrape of a target. Scrapes lie at a place within the interval that the target's hash
 * tells, counted from the epoch, so that targets spread over the interval and a restart changes no target's rhythm.
 */
export function scrapeOffsetMs({ key, intervalMs }: Target, nowMs: number): number {
  const hash = createHash('md5').update(key, 'latin1').digest().readBigUInt64BE(8);
  const place = Number(hash % BigInt(intervalMs));
  return (((place - nowMs) % intervalMs) + intervalMs) % intervalMs;
}
