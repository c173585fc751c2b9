/**
 * What a resource and a scope give to the series of their data points. `service.namespace`/`service.name` is the label `job`,
 * `service.instance.id` is `instance`; the other attributes are labels of the series `target_info`, which queries join by job and instance.
 * Scopes become labels `otel_scope_…`. Source: OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md, "Resource
 * Attributes" and "Instrumentation Scope".
 */
import { isUtf8 } from 'node:buffer';
import { BarographError } from '../../base/errors.js';
import { encodeLabels, type Label, metricNameLabel, sortedLabels } from '../../model/labels.js';
import type { AttributeList } from './attribute-list.js';
import { joint, labelGroups } from './label-groups.js';
import { labelName } from './label-name.js';
import type { TranslationStrategy } from './metric-name.js';
import type { BaseLabel } from './series-keys.js';

export interface TextAttribute {
  readonly key: string;
  readonly value: string;
}

/** Attributes as texts, for the few that resources and scopes have; fails with `too_deep` and `invalid_utf8`. */
export function textAttributes(attributes: AttributeList): TextAttribute[] {
  const { bytes, count, inTexts, keyEnds, keyStarts, refusal, texts, valueEnds, valueStarts } = attributes;
  if (refusal !== undefined) throw new BarographError(refusal.code, refusal.message);
  return Array.from({ length: count }, (_, i) => ({
    key: utf8(bytes, keyStarts[i]!, keyEnds[i]!),
    value: utf8(inTexts[i] === 1 ? texts : bytes, valueStarts[i]!, valueEnds[i]!),
  }));
}

function utf8(bytes: Uint8Array, start: number, end: number): string {
  const range = bytes.subarray(start, end);
  if (!isUtf8(range))
    throw new BarographError('invalid_utf8', `the text at byte ${start} of the body is not valid UTF-8`);
  return Buffer.from(range.buffer, range.byteOffset, range.length).toString('utf8');
}

export interface Target {
  readonly labels: readonly BaseLabel[];
  /** Canonical label bytes of the target's series `target_info`; undefined where it would say nothing, or of no one. */
  readonly infoKey: Uint8Array | undefined;
}

export const targetInfoName = 'target_info';

const namespaceKey = 'service.namespace';
const nameKey = 'service.name';
const instanceKey = 'service.instance.id';
const identifyingKeys: ReadonlySet<string> = new Set([namespaceKey, nameKey, instanceKey]);

/** The target that a resource stands for. Of its attributes those in `promoted` become labels of every series, too. */
export function targetOf(
  resource: readonly TextAttribute[],
  strategy: TranslationStrategy,
  promoted: ReadonlySet<string>,
): Target {
  const textOf = (key: string): string => resource.findLast((attribute) => attribute.key === key)?.value ?? '';
  const namespace = textOf(namespaceKey);
  const name = textOf(nameKey);
  const job = name === '' || namespace === '' ? name : `${namespace}/${name}`;
  const instance = textOf(instanceKey);
  const labels = [
    baseLabel('job', nameKey, job),
    baseLabel('instance', instanceKey, instance),
    ...resource
      .filter(({ key }) => promoted.has(key))
      .map(({ key, value }) => baseLabel(labelName(key, strategy), key, value))
      .filter((label) => label.name !== ''),
  ];
  return { labels, infoKey: infoKey(resource, job, instance, strategy) };
}

function infoKey(
  resource: readonly TextAttribute[],
  job: string,
  instance: string,
  strategy: TranslationStrategy,
): Uint8Array | undefined {
  const own = new Set(['', metricNameLabel, 'job', 'instance']);
  const described = resource
    .filter(({ key }) => !identifyingKeys.has(key))
    .map(({ key, value }) => ({ key, value, name: labelName(key, strategy) }))
    .filter(({ name }) => !own.has(name));
  if (described.length === 0 || (job === '' && instance === '')) return undefined;
  const joined = labelGroups(described).map(
    ({ name, members }): Label => [name, members.map(({ value }) => value).join(joint)],
  );
  return encodeLabels(
    sortedLabels([[metricNameLabel, targetInfoName], ['job', job], ['instance', instance], ...joined]),
  );
}

export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
  readonly attributes: readonly TextAttribute[];
}

export function scopeLabels(scope: Scope, strategy: TranslationStrategy): BaseLabel[] {
  const own = [
    baseLabel('otel_scope_name', 'otel_scope_name', scope.name),
    baseLabel('otel_scope_version', 'otel_scope_version', scope.version),
    baseLabel('otel_scope_schema_url', 'otel_scope_schema_url', scope.schemaUrl),
  ];
  // Attributes that would be one of the three must be dropped, says the specification.
  const taken = new Set(own.map(({ name }) => name));
  const others = scope.attributes
    .map(({ key, value }) => {
      const prefixed = `otel_scope_${key}`;
      return baseLabel(labelName(prefixed, strategy), prefixed, value);
    })
    .filter(({ name }) => !taken.has(name));
  return [...own, ...others];
}

const encoder = new TextEncoder();
const baseLabel = (name: string, key: string, value: string): BaseLabel => ({
  name,
  key,
  value: encoder.encode(value),
});
