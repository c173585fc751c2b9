import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Kernel } from '../../src/kernel/kernel.js';
import { RowScan, scannedKind } from '../../src/kernel/row-scan.js';

const kernel = new Kernel();

/** A scan of rows with one number. */
function numberScan(): (text: string) => number | undefined {
  const scan = new RowScan(kernel);
  scan.describe([{ name: 'n', required: true, scannedKinds: [scannedKind.number] }]);
  return (text) => {
    scan.load(Buffer.from(`{"n":${text}}\n`));
    return scan.scan(0) === 1 ? scan.numbers[0] : undefined;
  };
}

const read = numberScan();

/** Whether the text was read, and then as Number reads it. */
function isRead(text: string): boolean {
  const number = read(text);
  if (number !== undefined) assert.ok(Object.is(number, Number(text)), `${text}: got ${number}`);
  return number !== undefined;
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true });

test('a number is read as Number reads it, or left', () => {
  const decimal = fc.stringMatching(/^-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,26})?([eE][+-]?[0-9]{1,3})?$/);
  fc.assert(
    fc.property(decimal, (text) => void isRead(text)),
    { numRuns: 20_000 },
  );
  fc.assert(
    fc.property(double, fc.integer({ min: 1, max: 25 }), (value, digits) => {
      isRead(JSON.stringify(value));
      isRead(value.toPrecision(digits));
      isRead(value.toExponential(digits));
    }),
    { numRuns: 5_000 },
  );
});

test('numbers as programs print them are read, nearly all', () => {
  const texts: string[] = [];
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let i = 0; i < 20_000; i++)
    texts.push(
      String(random() * 2 - 1),
      String(Math.round(random() * 1e6) / 100),
      String(Math.floor(random() * 1e9)),
      `${random() * 1e-3}`,
      '0',
      '-0',
      '0.0',
      '1e-07',
      '2.5E+10',
    );
  const left = texts.filter((text) => !isRead(text)).length;
  assert.ok(left / texts.length < 0.001, `${left} of ${texts.length}`);
});

test('what is no number of JSON is left', () => {
  for (const text of [
    '',
    '-',
    '01',
    '-01',
    '1.',
    '.5',
    '+1',
    '1e',
    '1e+',
    '1.e5',
    '0x1',
    'NaN',
    'Infinity',
    '-Infinity',
    '1 2',
    '1_0',
    '"1"',
  ])
    assert.equal(read(text), undefined, text);
});

test('rows that are left end a scan, and the next one goes on behind them', () => {
  const scan = new RowScan(kernel);
  scan.describe([
    { name: 'id', required: true, scannedKinds: [scannedKind.text] },
    { name: 'n', required: false, scannedKinds: [scannedKind.number] },
  ]);
  const sound = '{"id":"a"}\n{"n":1.5,"id":"bc"}\r\n{ "id" : "d" , "n" : null } \n';
  const lines = `${sound}{"id":"a","id":"b"}\n${sound}`;
  scan.load(Buffer.from(lines));
  assert.equal(scan.scan(0), 3);
  const ends = [...scan.rowEnds.subarray(0, 3)].map((end) => end - scan.textStart);
  assert.deepEqual(ends, [11, 32, sound.length]);
  assert.deepEqual([...scan.rowTokenEnds.subarray(0, 3)], [1, 3, 4]);
  assert.deepEqual([...scan.fields.subarray(0, 4)], [0, 1, 0, 0]);
  assert.equal(scan.numbers[1], 1.5);
  const textOf = (token: number): string =>
    Buffer.from(scan.bytes.subarray(scan.starts[token], scan.ends[token])).toString();
  assert.deepEqual([0, 2, 3].map(textOf), ['a', 'bc', 'd']);
  assert.equal(scan.scan(sound.length), 0);
  assert.equal(scan.scan(lines.length - sound.length), 3);
  assert.equal(scan.scan(lines.length), 0);
});

test('rows of another form are left: nothing of a text is read past its end', () => {
  const scan = new RowScan(kernel);
  scan.describe([{ name: 'id', required: true, scannedKinds: [scannedKind.text] }]);
  const row = '{"id":"abcdefghijklmnopqrstuvwxyz"}\n';
  for (let length = 0; length < row.length; length++) {
    scan.load(Buffer.from(row));
    scan.load(Buffer.from(row.slice(0, length)));
    assert.equal(scan.scan(0), 0, row.slice(0, length));
  }
  for (const left of [
    '{}',
    '{"id":null}',
    '{"id":1}',
    '{"id":"a\\n"}',
    '{"id":"a\tb"}',
    '{"ID":"a"}',
    '{"id":"a",}',
    '{"id" "a"}',
    '[]',
    '',
    '{"id":"a"} x',
    '{"id":"a"',
    '{"id":{}}',
  ])
    for (const end of ['\n', '']) {
      scan.load(Buffer.from(left + end));
      assert.equal(scan.scan(0), 0, left);
    }
});
