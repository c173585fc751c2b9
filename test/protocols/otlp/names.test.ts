import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labelName } from '../../../src/protocols/otlp/label-name.js';
import { metricName, type NamedType, type TranslationStrategy } from '../../../src/protocols/otlp/metric-name.js';
import { unitName } from '../../../src/protocols/otlp/unit-name.js';

type NameCase = readonly [name: string, unit: string, type: NamedType, wantedName: string, wantedUnit: string];

/** Names and units of prometheus/otlptranslator's own tests, `metric_namer_test.go`, without those that set a namespace. */
const nameCases: Readonly<Record<TranslationStrategy, readonly NameCase[]>> = {
  UnderscoreEscapingWithoutSuffixes: [
    ['simple_metric', '', 'gauge', 'simple_metric', ''],
    ['metric@with#special$chars', '', 'gauge', 'metric_with_special_chars', ''],
    ['123metric', '', 'gauge', '_123metric', ''],
    ['', '', 'gauge', '', ''],
    ['metric@@##$$name', '', 'gauge', 'metric_name', ''],
    ['@#$%', '', 'gauge', '', ''],
    ['@_#_$_%', '', 'gauge', '', ''],
    ['___', '', 'gauge', '___', ''],
  ],
  UnderscoreEscapingWithSuffixes: [
    ['requests', '', 'monotonic_sum', 'requests_total', ''],
    ['cpu_usage', '1', 'gauge', 'cpu_usage_ratio', ''],
    ['items', '1', 'monotonic_sum', 'items_total', ''],
    ['response_time', 'ms', 'gauge', 'response_time_milliseconds', 'milliseconds'],
    ['memory_usage', 'By', 'gauge', 'memory_usage_bytes', 'bytes'],
    ['requests', '1/s', 'gauge', 'requests_per_second', 'per_second'],
    ['throughput', 'By/s', 'gauge', 'throughput_bytes_per_second', 'bytes_per_second'],
    ['custom_metric', 'custom_unit', 'gauge', 'custom_metric_custom_unit', 'custom_unit'],
    ['custom_metric', '{custom}', 'gauge', 'custom_metric', ''],
    ['custom_metric', 'By/{custom}', 'gauge', 'custom_metric_bytes', 'bytes'],
    ['requests_total', '', 'monotonic_sum', 'requests_total', ''],
    ['cpu_usage_ratio', '1', 'gauge', 'cpu_usage_ratio', ''],
    ['response_time_seconds', 's', 'gauge', 'response_time_seconds', 'seconds'],
    [
      'metric__with__multiple__underscores',
      'unit__multiple__underscores',
      'gauge',
      'metric_with_multiple_underscores_unit_multiple_underscores',
      'unit_multiple_underscores',
    ],
    [
      'custom_metric',
      'unit@with#special/chars',
      'gauge',
      'custom_metric_unit_with_special_per_chars',
      'unit_with_special_per_chars',
    ],
    ['@#$%', '', 'gauge', '', ''],
    ['request_duration', 's', 'other', 'request_duration_seconds', 'seconds'],
    ['request_size', 'By', 'other', 'request_size_bytes', 'bytes'],
    ['response_time', 'ms', 'other', 'response_time_milliseconds', 'milliseconds'],
    ['active_connections', '', 'other', 'active_connections', ''],
    ['unknown_metric', '', 'other', 'unknown_metric', ''],
    ['uptime', 'd', 'gauge', 'uptime_days', 'days'],
    ['duration', 'h', 'gauge', 'duration_hours', 'hours'],
    ['timeout', 'min', 'gauge', 'timeout_minutes', 'minutes'],
    ['latency', 'us', 'gauge', 'latency_microseconds', 'microseconds'],
    ['precision_time', 'ns', 'gauge', 'precision_time_nanoseconds', 'nanoseconds'],
    ['cache_size', 'KiBy', 'gauge', 'cache_size_kibibytes', 'kibibytes'],
    ['memory', 'MiBy', 'gauge', 'memory_mebibytes', 'mebibytes'],
    ['storage', 'GiBy', 'gauge', 'storage_gibibytes', 'gibibytes'],
    ['capacity', 'TiBy', 'gauge', 'capacity_tibibytes', 'tibibytes'],
    ['transfer', 'KBy', 'gauge', 'transfer_kilobytes', 'kilobytes'],
    ['download', 'MBy', 'gauge', 'download_megabytes', 'megabytes'],
    ['backup', 'GBy', 'gauge', 'backup_gigabytes', 'gigabytes'],
    ['archive', 'TBy', 'gauge', 'archive_terabytes', 'terabytes'],
    ['distance', 'm', 'gauge', 'distance_meters', 'meters'],
    ['voltage', 'V', 'gauge', 'voltage_volts', 'volts'],
    ['current', 'A', 'gauge', 'current_amperes', 'amperes'],
    ['energy', 'J', 'gauge', 'energy_joules', 'joules'],
    ['power', 'W', 'gauge', 'power_watts', 'watts'],
    ['weight', 'g', 'gauge', 'weight_grams', 'grams'],
    ['temperature', 'Cel', 'gauge', 'temperature_celsius', 'celsius'],
    ['frequency', 'Hz', 'gauge', 'frequency_hertz', 'hertz'],
    ['cpu_usage', '%', 'gauge', 'cpu_usage_percent', 'percent'],
    ['requests', '1/m', 'gauge', 'requests_per_minute', 'per_minute'],
    ['events', '1/h', 'gauge', 'events_per_hour', 'per_hour'],
    ['transactions', '1/d', 'gauge', 'transactions_per_day', 'per_day'],
    ['reports', '1/w', 'gauge', 'reports_per_week', 'per_week'],
    ['invoices', '1/mo', 'gauge', 'invoices_per_month', 'per_month'],
    ['renewals', '1/y', 'gauge', 'renewals_per_year', 'per_year'],
    ['custom', '1/custom_unit', 'gauge', 'custom_per_custom_unit', 'per_custom_unit'],
    ['metric', 'By/', 'gauge', 'metric_bytes', 'bytes'],
    ['metric', ' By / s ', 'gauge', 'metric_bytes_per_second', 'bytes_per_second'],
    ['metric', '/', 'gauge', 'metric', ''],
    ['http.request.duration', 'ms', 'other', 'http_request_duration_milliseconds', 'milliseconds'],
    ['http.requests', '1', 'monotonic_sum', 'http_requests_total', ''],
  ],
  NoUTF8EscapingWithSuffixes: [
    ['requests_total', '', 'monotonic_sum', 'requests_total', ''],
    ['cpu_usage_ratio', '1', 'gauge', 'cpu_usage_ratio', ''],
    ['response_time_seconds', 's', 'gauge', 'response_time_seconds', 'seconds'],
    ['cpu_seconds_total', 's', 'monotonic_sum', 'cpu_seconds_total', 'seconds'],
    ['otelcol_process_cpu_seconds', 's', 'monotonic_sum', 'otelcol_process_cpu_seconds_total', 'seconds'],
    ['requêsts', '', 'monotonic_sum', 'requêsts_total', ''],
    ['cpu_usagé', '1', 'gauge', 'cpu_usagé_ratio', ''],
    ['respønse_time', 'ms', 'gauge', 'respønse_time_milliseconds', 'milliseconds'],
    ['requêsts', '1/s', 'gauge', 'requêsts_per_second', 'per_second'],
    ['@#$%', '', 'monotonic_sum', '@#$%_total', ''],
  ],
  NoTranslation: [
    ['___', '', 'gauge', '___', ''],
    ['métric_with_ñ_chars', '', 'gauge', 'métric_with_ñ_chars', ''],
    ['http.request.duration', 'ms', 'other', 'http.request.duration', 'milliseconds'],
    ['http.requests', '1', 'monotonic_sum', 'http.requests', ''],
  ],
};

/** Keys of prometheus/otlptranslator's own tests, `label_namer_test.go`; '' where it refuses the key. */
const labelCases: readonly (readonly [key: string, escaped: string, unescaped: string])[] = [
  ['label:with:colons', 'label_with_colons', 'label:with:colons'],
  ['LabelWithCapitalLetters', 'LabelWithCapitalLetters', 'LabelWithCapitalLetters'],
  ['label!with&special$chars)', 'label_with_special_chars_', 'label!with&special$chars)'],
  ['label_with_foreign_characters_字符', 'label_with_foreign_characters_', 'label_with_foreign_characters_字符'],
  ['label.with.dots', 'label_with_dots', 'label.with.dots'],
  ['.foo', '_foo', '.foo'],
  ['123label', 'key_123label', '123label'],
  ['_label_starting_with_underscore', '_label_starting_with_underscore', '_label_starting_with_underscore'],
  ['__label_starting_with_2underscores', '_label_starting_with_2underscores', '__label_starting_with_2underscores'],
  ['ようこそ', '', 'ようこそ'],
  ['label__with__double__underscores', 'label_with_double_underscores', 'label__with__double__underscores'],
  ['label.name__with&&special##chars', 'label_name_with_special_chars', 'label.name__with&&special##chars'],
  ['__reserved__label__name__', '__reserved_label_name__', '__reserved__label__name__'],
  ['trailing_underscores___', 'trailing_underscores_', 'trailing_underscores___'],
  ['', '', ''],
  ['__', '', ''],
];

describe('names of metrics', () => {
  for (const [strategy, cases] of Object.entries(nameCases) as [TranslationStrategy, NameCase[]][])
    for (const [name, unit, type, wantedName, wantedUnit] of cases)
      it(`${strategy}: ${type} ${JSON.stringify(name)} of ${JSON.stringify(unit)} is ${JSON.stringify(wantedName)}`, () => {
        assert.equal(metricName(name, unit, type, strategy), wantedName);
        if (strategy === 'UnderscoreEscapingWithSuffixes') assert.equal(unitName(unit, true), wantedUnit);
        if (strategy === 'NoUTF8EscapingWithSuffixes') assert.equal(unitName(unit, false), wantedUnit);
      });

  it('know the kilobytes of UCUM', () => {
    assert.equal(metricName('sent', 'kBy', 'other', 'UnderscoreEscapingWithSuffixes'), 'sent_kilobytes');
  });
});

describe('names of labels', () => {
  for (const [key, escaped, unescaped] of labelCases)
    it(`${JSON.stringify(key)} is ${JSON.stringify(escaped)} with underscores, else ${JSON.stringify(unescaped)}`, () => {
      assert.equal(labelName(key, 'UnderscoreEscapingWithSuffixes'), escaped);
      assert.equal(labelName(key, 'NoTranslation'), unescaped);
    });
});
