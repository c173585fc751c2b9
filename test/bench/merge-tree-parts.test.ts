import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activeParts } from '../../bench/measure/merge-tree-parts.js';

test('parts that were merged into another one do not count', () => {
  assert.deepEqual(activeParts(['20260101_1_1_0', '20260101_2_2_0', '20260101_1_2_1', '20260101_3_3_0']), [
    '20260101_1_2_1',
    '20260101_3_3_0',
  ]);
});

test('a part of another partition covers nothing', () => {
  assert.deepEqual(activeParts(['20260101_1_1_0', '20260102_1_4_1']), ['20260101_1_1_0', '20260102_1_4_1']);
});

test('a mutated part takes the place of the one before', () => {
  assert.deepEqual(activeParts(['all_1_4_1', 'all_1_4_1_5']), ['all_1_4_1_5']);
});

test('half-written parts and other folders do not count', () => {
  assert.deepEqual(activeParts(['tmp_merge_all_1_4_1', 'detached', 'format_version.txt', 'all_1_1_0']), ['all_1_1_0']);
});
