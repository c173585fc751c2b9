import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, type Logger } from '../../src/server/cli/log.js';

function logged(
  options: Parameters<typeof createLog>[0],
  write: (log: Logger) => void,
  stream: { isTTY?: boolean } = {},
): string {
  let text = '';
  write(createLog(options, { ...stream, write: (part: string) => (text += part) }));
  return text;
}

test('a JSON line has time, level, message and fields', () => {
  const line = JSON.parse(logged({ level: 'info', format: 'json' }, (log) => log.info({ rows: 3 }, 'flushed')));
  assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual({ ...line, time: '' }, { time: '', level: 'info', msg: 'flushed', rows: 3 });
});

test('a pretty line has the same for eyes, with the stack of an error below', () => {
  const line = logged({ level: 'info', format: 'pretty' }, (log) => log.warn({ rows: 3, table: 'a b' }, 'slow'));
  assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} WARN {2}slow {2}rows=3 {2}table="a b"\n$/);
  const failure = logged({ level: 'info', format: 'pretty' }, (log) => log.error({ err: new Error('no') }, 'failed'));
  assert.match(failure, / ERROR failed\n {2}Error: no\n {6}at /);
});

test('auto is pretty on a terminal and JSON elsewhere', () => {
  const write = (log: Logger): void => log.info('x');
  assert.match(logged({ level: 'info', format: 'auto' }, write, { isTTY: true }), /^\d\d:/);
  assert.match(logged({ level: 'info', format: 'auto' }, write), /^\{/);
});

test('less severe lines than the level are left out', () => {
  const write = (log: Logger): void => {
    log.debug('a');
    log.info('b');
    log.warn('c');
  };
  assert.equal(logged({ level: 'warn', format: 'json' }, write).trim().split('\n').length, 1);
  assert.equal(logged({ level: 'silent', format: 'json' }, write), '');
});

test('a password among the fields is hidden', () => {
  const write = (log: Logger): void =>
    log.info({ password: 'hunter2', engine: { password: 'hunter2', url: 'u' } }, 'x');
  for (const format of ['json', 'pretty'] as const) {
    const text = logged({ level: 'info', format }, write);
    assert.ok(!text.includes('hunter2') && text.includes('u'), text);
  }
});
