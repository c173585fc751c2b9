import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exportMetricsResponse, statusBody } from '../../../src/protocols/otlp/export-response.js';
import { WireReader } from '../../../src/protocols/protobuf/wire-reader.js';

describe('OTLP responses', () => {
  it('say nothing of a full success', () => {
    const full = { rejectedDataPoints: 0, errorMessage: '' };
    assert.equal(exportMetricsResponse('protobuf', full).length, 0);
    assert.equal(exportMetricsResponse('json', full).toString(), '{}');
  });

  it('tell in JSON how many data points were refused, as a text, and why', () => {
    const body = exportMetricsResponse('json', { rejectedDataPoints: 3, errorMessage: 'no "time"' });
    assert.equal(body.toString(), '{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"no \\"time\\""}}');
    const warning = exportMetricsResponse('json', { rejectedDataPoints: 0, errorMessage: 'w' });
    assert.equal(warning.toString(), '{"partialSuccess":{"errorMessage":"w"}}');
  });

  it('tell it in protobuf', () => {
    for (const rejectedDataPoints of [1, 127, 128, 5_000_000_000]) {
      const errorMessage = 'x'.repeat(300);
      const reader = new WireReader(exportMetricsResponse('protobuf', { rejectedDataPoints, errorMessage }));
      assert.deepEqual([reader.next(), reader.field], [true, 1]);
      const outer = reader.enter();
      assert.deepEqual([reader.next(), reader.field], [true, 1]);
      assert.equal(reader.int64(), rejectedDataPoints);
      assert.deepEqual([reader.next(), reader.field], [true, 2]);
      assert.equal(reader.text(), errorMessage);
      reader.leave(outer);
      assert.equal(reader.next(), false);
    }
  });

  it('of an error are a Status', () => {
    assert.equal(statusBody('json', 3, 'bad').toString(), '{"code":3,"message":"bad"}');
    assert.equal(statusBody('protobuf', 3, 'bad').toString('hex'), '08031203626164');
  });
});
