/** Which models have been seen. */
import Type from 'typebox';

export const modelsAnswer = Type.Object(
  {
    models: Type.Array(
      Type.Object({
        model: Type.String(),
        version: Type.String(),
        first_seen: Type.String({ format: 'date-time', description: 'Time of its first prediction.' }),
        last_seen: Type.String({ format: 'date-time', description: 'Time of its last prediction.' }),
        predictions: Type.Integer({ description: 'Predictions, replaced ones not counted.' }),
        with_truth: Type.Integer({ description: 'Predictions whose truth is known.' }),
        coverage: Type.Number({ description: 'Share of predictions whose truth is known, 0 to 1.' }),
      }),
    ),
  },
  { $id: 'Models' },
);
export type ModelsAnswer = Type.Static<typeof modelsAnswer>;
