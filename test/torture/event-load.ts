/** Predictions and ground truth that are numbered, and what must be there of them: each acknowledged row once, with the values it was sent with. */
import { type Connection, sqlRows } from './connection.js';
import type { Load } from './load.js';

const rowsPerBody = 200;
const models = 2;

export function createEventLoad(connection: Connection): Load {
  const acknowledged = { predictions: 0, truths: 0 };

  async function send(path: string, rows: readonly object[]): Promise<void> {
    await connection.sendUntilAcknowledged({
      path,
      body: rows.map((row) => JSON.stringify(row)).join('\n'),
      headers: { 'content-type': 'application/x-ndjson' },
      isAcknowledged: (status, text) =>
        status === 200 && (JSON.parse(text) as { accepted: number }).accepted === rows.length,
    });
  }

  return {
    /** A body of predictions, and then truth for every second row. */
    async step(client, step) {
      const ids = Array.from({ length: rowsPerBody }, (_, i) => step * rowsPerBody + i);
      await send(
        '/api/ml/predictions',
        ids.map((id) => predictionOf(client, id)),
      );
      acknowledged.predictions += ids.length;
      const truths = ids.filter((id) => id % 2 === 0).map((id) => ({ request_id: `${client}-${id}`, label: id % 3 }));
      await send('/api/ml/ground-truth', truths);
      acknowledged.truths += truths.length;
    },
    sent: () => `${acknowledged.predictions} predictions, ${acknowledged.truths} truths`,
    async problems(url) {
      const found = await countStored(url);
      const { predictions, truths } = acknowledged;
      const wanted: Found = { predictions, distinct: predictions, misfits: 0, withTruth: truths, wrongTruth: 0 };
      return JSON.stringify(found) === JSON.stringify(wanted)
        ? []
        : [`events: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`];
    },
  };
}

/** Every third row carries no time of its own; the others lie in several weeks. */
const predictionOf = (client: number, id: number): object => ({
  request_id: `${client}-${id}`,
  model: `model-${client % models}`,
  version: '1',
  score: id,
  latency_ms: id % 1000,
  prediction: id % 3,
  ...(id % 3 === 0 ? {} : { ts: Date.parse('2026-01-01T00:00:00Z') + (id % 40) * 86_400_000 }),
});

interface Found {
  readonly predictions: number;
  readonly distinct: number;
  readonly misfits: number;
  readonly withTruth: number;
  readonly wrongTruth: number;
}

/** Counts what is there, with the values of each row checked against its id. */
async function countStored(url: string): Promise<Found> {
  const number = "toUInt64(splitByChar('-', request_id)[2])";
  const [rows] = await sqlRows<Record<string, string>>(
    url,
    `SELECT count() AS predictions, uniqExact(request_id) AS distinct_ids, countIf(score != ${number}) AS misfits FROM predictions`,
  );
  const [truth] = await sqlRows<Record<string, string>>(
    url,
    `SELECT count() AS with_truth, countIf(label_number != ${number} % 3) AS wrong FROM labelled_predictions`,
  );
  return {
    predictions: Number(rows!.predictions),
    distinct: Number(rows!.distinct_ids),
    misfits: Number(rows!.misfits),
    withTruth: Number(truth!.with_truth),
    wrongTruth: Number(truth!.wrong),
  };
}
