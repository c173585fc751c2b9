/** Health of the server. */
import Type from 'typebox';

export const healthAnswer = Type.Object({ status: Type.Literal('ok') }, { $id: 'Health' });

const logState = Type.Object({
  bytes: Type.Integer({ description: 'Bytes of the write-ahead log on disk.' }),
  bytes_max: Type.Integer(),
  waiting_rows: Type.Integer({ description: 'Acknowledged rows that are not in their table yet.' }),
  appender: Type.String({ description: 'What the appender, which brings them there, is doing.' }),
});

export const readinessAnswer = Type.Object(
  {
    ready: Type.Boolean(),
    version: Type.String({ description: 'Version of Barograph.' }),
    problems: Type.Array(Type.String(), { description: 'What is wrong, in words; empty when all is well.' }),
    engine: Type.Object({
      ok: Type.Boolean(),
      state: Type.String(),
      version: Type.Optional(Type.String()),
      reason: Type.Optional(Type.String()),
    }),
    logs: Type.Object({ events: logState, metrics: logState }, { description: 'The write-ahead log of each plane.' }),
  },
  { $id: 'Readiness' },
);
export type ReadinessAnswer = Type.Static<typeof readinessAnswer>;
