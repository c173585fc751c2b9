/** SQL for readers. */
import Type from 'typebox';

export const sqlRequest = Type.Object(
  {
    query: Type.String({
      minLength: 1,
      description: 'One read-only statement of ClickHouse SQL.',
      examples: ['SELECT model, count() FROM predictions GROUP BY model'],
    }),
    params: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Values for `{name:Type}` in the statement.',
      }),
    ),
    format: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9]+$',
        description: 'Any output format of the engine; JSON where absent.',
        examples: ['JSON', 'CSVWithNames', 'Parquet'],
      }),
    ),
  },
  { $id: 'SqlRequest', additionalProperties: false },
);
export type SqlRequest = Type.Static<typeof sqlRequest>;
