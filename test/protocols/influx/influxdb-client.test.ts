/** What the Influx client for Node really sends, over HTTP. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { InfluxDB, Point, type WritePrecisionType } from '@influxdata/influxdb-client';
import { type DecodedLineProtocol, decodeLineProtocol } from '../../../src/protocols/influx/decode-line-protocol.js';
import { parsePrecision } from '../../../src/protocols/influx/precision.js';
import { linesOf } from '../text/decoded-samples.js';

const nowMs = 1_700_000_000_000;

/** Has the client write to a server that decodes, and gives what was decoded. */
async function written(
  precision: WritePrecisionType,
  points: readonly Point[],
  gzipThreshold: number,
): Promise<DecodedLineProtocol> {
  const decoded: DecodedLineProtocol[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const isGzip = request.headers['content-encoding'] === 'gzip';
    const query = new URL(request.url!, 'http://localhost').searchParams;
    decoded.push(
      decodeLineProtocol(isGzip ? gunzipSync(body) : body, {
        nowMs,
        precision: parsePrecision(query.get('precision') ?? undefined, 'ns'),
        database: query.get('bucket')!,
      }),
    );
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const client = new InfluxDB({ url: `http://127.0.0.1:${port}`, token: 'x' });
    const api = client.getWriteApi('org', 'metrics', precision, { gzipThreshold });
    api.writePoints(points as Point[]);
    await api.close();
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  assert.equal(decoded.length, 1);
  return decoded[0]!;
}

it('the Influx client’s points are read in each precision, with all its escapes, plain and gzipped', async () => {
  const time = new Date(1_717_171_717_000);
  const points = [
    new Point('air, quality=1')
      .tag('city name', 'São Paulo, "SP"=x')
      .tag('path', 'C:\\dir')
      .floatField('pm 2,5', 12.25)
      .intField('count', -7)
      .uintField('big', '18446744073709551615')
      .booleanField('ok', true)
      .stringField('note', 'two\nlines, "quoted" \\ back')
      .timestamp(time),
    new Point('plain').floatField('value', 0.1),
  ];
  for (const precision of ['ns', 'us', 'ms', 's'] as const)
    for (const gzipThreshold of [1, 1_000_000]) {
      const { batch, rejections, stringFields } = await written(precision, points, gzipThreshold);
      assert.deepEqual(rejections, []);
      assert.equal(stringFields, 1);
      const labels = String.raw`{city_name="São Paulo, \"SP\"=x",db="metrics",path="C:\\dir"}`;
      const lines = linesOf(batch);
      assert.deepEqual(lines.slice(0, 4), [
        `air__quality_1_big${labels} 18446744073709552000 @1717171717000`,
        `air__quality_1_count${labels} -7 @1717171717000`,
        `air__quality_1_ok${labels} 1 @1717171717000`,
        `air__quality_1_pm_2_5${labels} 12.25 @1717171717000`,
      ]);
      // A point without a time gets the client's, which is now.
      assert.match(lines[4]!, /^plain_value\{db="metrics"\} 0\.1 @\d{13}$/);
    }
});
