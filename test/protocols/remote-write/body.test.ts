import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { type ErrorCode, isBarographError } from '../../../src/base/errors.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import { announcedVersion, decompressSnappy, writtenHeaders } from '../../../src/protocols/remote-write/body.js';

const fails = (code: ErrorCode) => (error: unknown) => isBarographError(error, code);
const version = (contentType?: string, contentEncoding?: string) => announcedVersion({ contentType, contentEncoding });

describe('the headers of a remote write', () => {
  it('tell the version by the content type', () => {
    assert.equal(version(), 1);
    assert.equal(version('application/x-protobuf', 'snappy'), 1);
    assert.equal(version('Application/X-Protobuf; charset=utf-8', 'Snappy'), 1);
    assert.equal(version('application/x-protobuf;proto=prometheus.WriteRequest'), 1);
    assert.equal(version('application/x-protobuf;proto=io.prometheus.write.v2.Request'), 2);
    assert.equal(version('application/x-protobuf; Proto = "io.prometheus.write.v2.Request"'), 2);
  });

  it('are refused with 415 where type, message or encoding is another, as for the zstd of VictoriaMetrics’ own protocol', () => {
    for (const type of [
      'application/json',
      'application/x-protobuf;proto=io.prometheus.write.v3.Request',
      'text/plain',
    ])
      assert.throws(() => version(type), fails('unsupported_content_type'), type);
    for (const encoding of ['zstd', 'gzip', 'identity', 'snappy, snappy'])
      assert.throws(() => version('application/x-protobuf', encoding), fails('unsupported_encoding'), encoding);
    assert.throws(
      () => version('application/json'),
      (error) => isBarographError(error) && error.kind.status === 415,
    );
    assert.throws(
      () => version(undefined, 'zstd'),
      (error) => isBarographError(error) && error.kind.status === 415,
    );
  });

  it('of an answer count what was written', () => {
    assert.deepEqual(writtenHeaders({ samples: 12, histograms: 0, exemplars: 3 }), {
      'X-Prometheus-Remote-Write-Samples-Written': '12',
      'X-Prometheus-Remote-Write-Histograms-Written': '0',
      'X-Prometheus-Remote-Write-Exemplars-Written': '3',
    });
  });
});

const kernel = new Kernel();

describe('a body compressed with snappy', () => {
  it('comes back as it was, up to the bound to the byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat({ max: 300 }), (bytes, repeats) => {
        const body = Buffer.concat(Array<Uint8Array>(repeats).fill(bytes));
        assert.ok(body.equals(decompressSnappy(kernel, compressSync(body), body.length)));
        if (body.length > 0)
          assert.throws(() => decompressSnappy(kernel, compressSync(body), body.length - 1), fails('body_too_large'));
      }),
      { numRuns: 50 },
    );
  });

  it('is refused by what it announces, before anything is made room for', () => {
    const announcing = (length: number) => Buffer.from([...varintBytes(length), 0, 0x61]);
    assert.throws(() => decompressSnappy(kernel, announcing(4_000_000_000), 1e9), fails('body_too_large'));
    assert.throws(() => decompressSnappy(kernel, announcing(4_000_000_000), 5e9), fails('corrupt_encoding'));
  });

  it('is refused where it is corrupt', () => {
    const sound = compressSync(Buffer.from('some text, some text, some text, some text'));
    for (let length = 0; length < sound.length; length++)
      assert.throws(() => decompressSnappy(kernel, sound.subarray(0, length), 1000), fails('corrupt_encoding'));
    const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x00, 0x01, 0x00]);
    const framed = Buffer.from([0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]);
    for (const body of [zstd, framed, Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x01])])
      assert.throws(() => decompressSnappy(kernel, body, 1_000_000), fails('corrupt_encoding'));
  });
});

function varintBytes(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varintBytes(Math.floor(value / 128))];
}
