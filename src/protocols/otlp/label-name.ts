/**
 * An attribute's key as a label's name. Sources: OpenTelemetry specification, compatibility/prometheus_and_openmetrics.md, "Metric
 * Attributes"; prometheus/otlptranslator, `label_namer.go`. Several underscores become one, as the specification wants; Prometheus'
 * own receiver keeps them for the sake of its older data.
 */
import { isEscaping, type TranslationStrategy } from './metric-name.js';

/** The name; '' where no name is left, because the key is empty or nothing of it but underscores remains. */
export function labelName(key: string, strategy: TranslationStrategy): string {
  const name = isEscaping(strategy) ? escapedKey(key) : key;
  return /[^_]/.test(name) ? name : '';
}

function escapedKey(key: string): string {
  // Names such as __address__ are Prometheus' own, and keep the underscores that mark them so.
  const reserved = /^__(.*)__$/s.exec(key);
  if (reserved !== null) return `__${escaped(reserved[1]!)}__`;
  const name = escaped(key);
  return /^[0-9]/.test(name) ? `key_${name}` : name;
}

const escaped = (text: string): string => text.replace(/[^a-zA-Z0-9]+/gu, '_');
