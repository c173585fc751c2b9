import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatAddress,
  formatDurationMs,
  formatSizeBytes,
  forms,
  parseAddress,
  parseDurationMs,
  parseSizeBytes,
} from '../../src/server/configuration-forms.js';

test('a duration is a number and a unit, or 0', () => {
  assert.equal(parseDurationMs('0'), 0);
  assert.equal(parseDurationMs('250ms'), 250);
  assert.equal(parseDurationMs('1s'), 1_000);
  assert.equal(parseDurationMs('1.5h'), 5_400_000);
  assert.equal(parseDurationMs('90m'), 5_400_000);
  assert.equal(parseDurationMs('7d'), 604_800_000);
});

test('what is not exactly a duration is none', () => {
  for (const text of ['', '1', '1 s', '-1s', '+1s', 's', '1S', '1sec', '1h30m', '1e3s', '.5s', '1.s', '0.5ms', 'off'])
    assert.equal(parseDurationMs(text), undefined, text);
});

test('a size is a number of bytes, or a number and a binary or decimal unit', () => {
  assert.equal(parseSizeBytes('0'), 0);
  assert.equal(parseSizeBytes('4096'), 4096);
  assert.equal(parseSizeBytes('64MiB'), 67_108_864);
  assert.equal(parseSizeBytes('64 MiB'), 67_108_864);
  assert.equal(parseSizeBytes('1.5GiB'), 1_610_612_736);
  assert.equal(parseSizeBytes('10GB'), 10_000_000_000);
  assert.equal(parseSizeBytes('2kB'), 2_000);
  assert.equal(parseSizeBytes('12B'), 12);
});

test('what is not exactly a size is none', () => {
  for (const text of ['', '1G', '1gib', '-1MiB', '1  MiB', 'MiB', '1e3', '0.3B', '9007199254740993', '1kiB', '10 %'])
    assert.equal(parseSizeBytes(text), undefined, text);
});

test('every duration and size is written so that it reads back as itself', () => {
  const amounts = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  fc.assert(fc.property(amounts, (ms) => parseDurationMs(formatDurationMs(ms)) === ms));
  fc.assert(fc.property(amounts, (bytes) => parseSizeBytes(formatSizeBytes(bytes)) === bytes));
});

test('durations and sizes are written in their largest whole unit', () => {
  assert.deepEqual([0, 1, 1_500, 60_000, 5_400_000, 86_400_000].map(formatDurationMs), [
    '0',
    '1ms',
    '1500ms',
    '1m',
    '90m',
    '1d',
  ]);
  assert.deepEqual([0, 1_023, 1_024, 67_108_864, 10 * 2 ** 30].map(formatSizeBytes), [
    '0',
    '1023',
    '1KiB',
    '64MiB',
    '10GiB',
  ]);
});

test('an address is a host and a port', () => {
  assert.deepEqual(parseAddress('127.0.0.1:4800'), { host: '127.0.0.1', port: 4800 });
  assert.deepEqual(parseAddress('barograph.example:0'), { host: 'barograph.example', port: 0 });
  assert.deepEqual(parseAddress('[::1]:4800'), { host: '::1', port: 4800 });
  for (const text of [
    '',
    '4800',
    ':4800',
    'host',
    'host:',
    'host:65536',
    'host:-1',
    '::1:4800',
    'http://host:80',
    'a b:1',
  ])
    assert.equal(parseAddress(text), undefined, text);
});

test('an address is written so that it reads back as itself', () => {
  for (const text of ['127.0.0.1:4800', '[::1]:0', 'localhost:80'])
    assert.equal(formatAddress(parseAddress(text)!), text);
});

test('a URL of the engine is http or https, and carries neither credentials nor a query', () => {
  assert.equal(forms.url.parse('http://clickhouse:8123/'), 'http://clickhouse:8123');
  assert.equal(forms.url.parse('https://proxy.example/clickhouse/'), 'https://proxy.example/clickhouse');
  for (const text of [
    'clickhouse:8123',
    'ftp://host',
    'http://user:secret@host',
    'http://host/?user=x',
    'http://host/#x',
    '',
  ])
    assert.equal(forms.url.parse(text), undefined, text);
});

test('a count is a whole number, which may be grouped by underscores', () => {
  assert.equal(forms.count.parse('200000'), 200_000);
  assert.equal(forms.count.parse('10_000_000_000'), 10_000_000_000);
  for (const text of ['', '-1', '1.0', '1e6', '_1', '1_', '1__0', '99999999999999999'])
    assert.equal(forms.count.parse(text), undefined, text);
});
