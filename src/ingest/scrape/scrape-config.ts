/**
 * What is scraped and how: `global` and `scrape_configs` of Prometheus' configuration, checked, with a job's own values in
 * place of the global ones and every path absolute. Source: prometheus/prometheus config/config.go, `ScrapeConfig.Validate`.
 */
import { resolve } from 'node:path';
import { BarographError, isBarographError } from '../../base/errors.js';
import { compileRelabel, type Relabel, type RelabelAction } from '../../model/relabel.js';
import { type HttpClientConfig, httpClientConfig, type SectionContext } from './http-client-config.js';
import { readSection } from './read-section.js';
import {
  type GlobalSection,
  type RelabelSection,
  type ScrapeConfigSection,
  type ScrapeProtocol,
  scrapeFileSchema,
  scrapeProtocols,
} from './scrape-config-schema.js';
import type { LabelTexts, TargetGroup } from './target-group.js';

/** Bounds of a scrape. Infinity where there is none. */
export interface ScrapeLimits {
  /** Bytes of a body once decompressed. */
  readonly bodyBytesMax: number;
  /** Samples of a scrape after metric relabelling. */
  readonly samplesMax: number;
  readonly targetsMax: number;
  /** Labels of a series, its name included. */
  readonly labelsMax: number;
  readonly labelNameBytesMax: number;
  readonly labelValueBytesMax: number;
}

export interface FileDiscoveryConfig {
  /** Absolute paths whose last part may hold `*`. */
  readonly files: readonly string[];
  readonly refreshIntervalMs: number;
}

export interface HttpDiscoveryConfig {
  readonly url: string;
  readonly refreshIntervalMs: number;
  readonly http: HttpClientConfig;
}

/** One entry of `scrape_configs`. */
export interface ScrapeJob {
  /** All that the configuration says of the job, so that one that did not change is known. */
  readonly source: string;
  readonly jobName: string;
  readonly scrapeIntervalMs: number;
  /** Never more than the interval. */
  readonly scrapeTimeoutMs: number;
  readonly scheme: 'http' | 'https';
  readonly metricsPath: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly protocols: readonly ScrapeProtocol[];
  readonly fallbackProtocol: ScrapeProtocol | undefined;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  readonly enableCompression: boolean;
  readonly extraScrapeMetrics: boolean;
  readonly limits: ScrapeLimits;
  readonly droppedTargetsMax: number;
  readonly http: HttpClientConfig;
  readonly staticGroups: readonly TargetGroup[];
  readonly fileDiscoveries: readonly FileDiscoveryConfig[];
  readonly httpDiscoveries: readonly HttpDiscoveryConfig[];
  readonly relabel: Relabel;
  /** Undefined where there is no rule. */
  readonly relabelMetrics: Relabel | undefined;
  /** Given to every series that does not carry them. */
  readonly externalLabels: LabelTexts;
}

const defaultScrapeIntervalMs = 60_000;
const defaultScrapeTimeoutMs = 10_000;
/** So many dropped targets of a job are remembered where the configuration says nothing. A guess: enough to see why. */
const defaultDroppedTargetsMax = 1_000;

/**
 * The jobs of a configuration that was parsed from YAML: `{global, scrape_configs}`, other keys of Prometheus' file are refused.
 * Relative paths start at `folder`. Fails with `bad_configuration`, every problem in one message, each with its place: a key that
 * is not known with the nearest one that is, a key of Prometheus' that is not supported here, a wrong value with what was wanted.
 */
export function parseScrapeConfigs(value: unknown, folder: string): readonly ScrapeJob[] {
  const problems: string[] = [];
  const context: SectionContext = { folder, tell: (problem) => problems.push(problem) };
  const file = readSection(scrapeFileSchema, value, '', context.tell);
  const global: GlobalSection = file.global ?? { externalLabels: {} };
  const sections = file.scrapeConfigs ?? [];
  // Defaults of what could not be read would only make more problems.
  if (problems.length > 0) throw configurationError(problems);
  if ((global.scrapeTimeoutMs ?? 0) > (global.scrapeIntervalMs || defaultScrapeIntervalMs))
    context.tell('global.scrape_timeout: is longer than the scrape interval');
  const jobs = sections.map((section, i) => jobOf(section, global, `scrape_configs[${i}]`, context));
  for (const [i, { jobName }] of sections.entries())
    if (sections.findIndex((other) => other.jobName === jobName) < i)
      context.tell(`scrape_configs[${i}].job_name: there is another job with the name ${jobName}`);
  if (problems.length > 0) throw configurationError(problems);
  return jobs;
}

/** How often a job without an interval of its own is scraped, milliseconds. What is wrong with the sections is for `parseScrapeConfigs` to tell. */
export function globalScrapeIntervalMs(value: unknown): number {
  const { global } = readSection(scrapeFileSchema, value, '', () => {});
  return global?.scrapeIntervalMs || defaultScrapeIntervalMs;
}

function configurationError(problems: readonly string[]): BarographError {
  const message =
    problems.length === 1 ? problems[0]! : `${problems.length} problems:\n${problems.map((p) => `  ${p}`).join('\n')}`;
  return new BarographError('bad_configuration', message);
}

function jobOf(read: ScrapeConfigSection, global: GlobalSection, place: string, context: SectionContext): ScrapeJob {
  checkJob(read, place, context);
  const times = timesOf(read, global);
  if (times.scrapeIntervalMs < times.scrapeTimeoutMs)
    context.tell(`${place}.scrape_timeout: is longer than the scrape interval`);
  return {
    ...times,
    source: JSON.stringify([global, read]),
    jobName: read.jobName,
    scheme: read.scheme,
    metricsPath: read.metricsPath,
    params: read.params,
    protocols: protocolsOf(read.scrapeProtocols ?? global.scrapeProtocols, place, context),
    fallbackProtocol: read.fallbackScrapeProtocol,
    honorLabels: read.honorLabels,
    honorTimestamps: read.honorTimestamps,
    trackTimestampsStaleness: read.trackTimestampsStaleness,
    enableCompression: read.enableCompression,
    extraScrapeMetrics: read.extraScrapeMetrics ?? global.extraScrapeMetrics ?? false,
    limits: limitsOf(read, global),
    droppedTargetsMax: read.keepDroppedTargets || global.keepDroppedTargets || defaultDroppedTargetsMax,
    http: httpClientConfig(read, place, context),
    staticGroups: read.staticConfigs ?? [],
    ...discoveriesOf(read, place, context),
    relabel: relabelOf(read.relabelConfigs, `${place}.relabel_configs`, context),
    relabelMetrics: read.metricRelabelConfigs?.length
      ? relabelOf(read.metricRelabelConfigs, `${place}.metric_relabel_configs`, context)
      : undefined,
    externalLabels: global.externalLabels,
  };
}

/** Of times, 0 says as much as nothing. */
function timesOf(read: ScrapeConfigSection, global: GlobalSection) {
  const scrapeIntervalMs = read.scrapeIntervalMs || global.scrapeIntervalMs || defaultScrapeIntervalMs;
  const inheritedTimeoutMs = Math.min(global.scrapeTimeoutMs || defaultScrapeTimeoutMs, scrapeIntervalMs);
  return { scrapeIntervalMs, scrapeTimeoutMs: read.scrapeTimeoutMs || inheritedTimeoutMs };
}

function checkJob(read: ScrapeConfigSection, place: string, { tell }: SectionContext): void {
  if (read.jobName === '') tell(`${place}.job_name: is empty`);
  if (read.relabelConfigs?.length) return;
  // Rules may take an address apart; without any, a URL is a mistake that would only be seen as a target that is down.
  for (const [i, { targets }] of (read.staticConfigs ?? []).entries())
    for (const target of targets)
      if (target.includes('/')) tell(`${place}.static_configs[${i}].targets: ${target} is not of the form HOST:PORT`);
}

function protocolsOf(
  names: readonly string[] | undefined,
  place: string,
  { tell }: SectionContext,
): readonly ScrapeProtocol[] {
  if (names === undefined) return scrapeProtocols;
  const known = names.filter((name): name is ScrapeProtocol => (scrapeProtocols as readonly string[]).includes(name));
  if (known.length === 0 || known.length < names.length || new Set(known).size < known.length)
    tell(`${place}.scrape_protocols: got ${names.join(', ') || 'none'}, wanted some of ${scrapeProtocols.join(', ')}`);
  return known;
}

function limitsOf(read: ScrapeConfigSection, global: GlobalSection): ScrapeLimits {
  const limit = (own: number | undefined, inherited: number | undefined): number =>
    own || inherited || Number.POSITIVE_INFINITY;
  return {
    bodyBytesMax: limit(read.bodySizeLimitBytes, global.bodySizeLimitBytes),
    samplesMax: limit(read.sampleLimit, global.sampleLimit),
    targetsMax: limit(read.targetLimit, global.targetLimit),
    labelsMax: limit(read.labelLimit, global.labelLimit),
    labelNameBytesMax: limit(read.labelNameLengthLimit, global.labelNameLengthLimit),
    labelValueBytesMax: limit(read.labelValueLengthLimit, global.labelValueLengthLimit),
  };
}

/** What a file of target groups may be named. Source: prometheus discovery/file, `patFileSDName`. */
const fileDiscoveryName = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/;

function discoveriesOf(read: ScrapeConfigSection, place: string, context: SectionContext) {
  const fileDiscoveries = (read.fileSdConfigs ?? []).map(({ files, refreshIntervalMs }, i): FileDiscoveryConfig => {
    const at = `${place}.file_sd_configs[${i}]`;
    if (files.length === 0) context.tell(`${at}.files: names no file`);
    for (const file of files)
      if (!fileDiscoveryName.test(file))
        context.tell(`${at}.files: ${file} must end in .json, .yml or .yaml, and hold * in its last part only`);
    checkRefresh(refreshIntervalMs, at, context);
    return { files: files.map((file) => resolve(context.folder, file)), refreshIntervalMs };
  });
  const httpDiscoveries = (read.httpSdConfigs ?? []).map((section, i): HttpDiscoveryConfig => {
    const at = `${place}.http_sd_configs[${i}]`;
    const { url, refreshIntervalMs } = section;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      context.tell(`${at}.url: got ${url}, wanted an http or https URL`);
    checkRefresh(refreshIntervalMs, at, context);
    return { url, refreshIntervalMs, http: httpClientConfig(section, at, context) };
  });
  return { fileDiscoveries, httpDiscoveries };
}

function checkRefresh(refreshIntervalMs: number, place: string, { tell }: SectionContext): void {
  if (refreshIntervalMs === 0) tell(`${place}.refresh_interval: is 0`);
}

function relabelOf(rules: readonly RelabelSection[] = [], place: string, { tell }: SectionContext): Relabel {
  const configs = rules.map(({ action = 'replace', ...rule }) => ({
    ...rule,
    action: action.toLowerCase() as RelabelAction,
  }));
  const sound = configs.filter((config, i) => {
    try {
      compileRelabel([config]);
      return true;
    } catch (error) {
      if (!isBarographError(error)) throw error;
      tell(`${place}[${i}]: ${error.message}`);
      return false;
    }
  });
  return compileRelabel(sound);
}
