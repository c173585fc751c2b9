import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgress } from '../../src/server/cli/progress.js';

/** A stream that remembers, and a clock that stands still until it is moved. */
function fakes(terminal?: { columns: number }) {
  const written: string[] = [];
  const clock = { nowMs: () => clock.timeMs, timeMs: 0 };
  const stream = {
    write: (text: string) => written.push(text),
    ...(terminal === undefined ? {} : { isTTY: true, ...terminal }),
  };
  return { written, clock, progress: startProgress(stream, clock) };
}

test('on a terminal the state is one line, rewritten ten times a second at most, and stays at the end', () => {
  const { written, clock, progress } = fakes({ columns: 40 });
  progress.show('1 row');
  progress.show('2 rows');
  clock.timeMs = 100;
  progress.show('3 rows');
  progress.show('4 rows');
  progress.end();
  assert.deepEqual(written, ['\r\x1b[K1 row', '\r\x1b[K3 rows', '\r\x1b[K4 rows', '\n']);
});

test('on a terminal a line that stays is printed above the state', () => {
  const { written, progress } = fakes({ columns: 40 });
  progress.show('1 row');
  progress.say('one rejected');
  assert.deepEqual(written, ['\r\x1b[K1 row', '\r\x1b[Kone rejected\n', '\r\x1b[K1 row']);
});

test('on a terminal a state that is too wide is cut, so that it does not wrap', () => {
  const { written, progress } = fakes({ columns: 10 });
  progress.show('123456789');
  assert.deepEqual(written, ['\r\x1b[K123456789']);
  const narrow = fakes({ columns: 10 });
  narrow.progress.show('🌩'.repeat(10));
  assert.deepEqual(narrow.written, [`\r\x1b[K${'🌩'.repeat(8)}…`]);
});

test('elsewhere the state is a plain line every five seconds, and the last one is never left out', () => {
  const { written, clock, progress } = fakes();
  progress.show('1 row');
  clock.timeMs = 4_999;
  progress.show('2 rows');
  progress.say('one rejected');
  clock.timeMs = 5_000;
  progress.show('3 rows');
  progress.show('4 rows');
  progress.end();
  assert.deepEqual(written, ['1 row\n', 'one rejected\n', '3 rows\n', '4 rows\n']);
});

test('a state that was shown is not shown again, and no state is no line', () => {
  const { written, clock, progress } = fakes();
  progress.show('1 row');
  clock.timeMs = 60_000;
  progress.show('1 row');
  progress.end();
  assert.deepEqual(written, ['1 row\n']);

  const silent = fakes({ columns: 40 });
  silent.progress.end();
  assert.deepEqual(silent.written, []);
});
