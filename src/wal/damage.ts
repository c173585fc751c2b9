/** What the log tells its owner about bytes that are not what was written. */

/** Sequence numbers from `from` up to, not including, `end`. */
export interface SequenceRange {
  readonly from: number;
  readonly end: number;
}

export const damageMeanings = {
  torn_tail: 'a write that was cut off before it could be acknowledged; no acknowledged row is in it',
  corrupt_tail:
    'the last bytes are not a record, and nothing valid follows: a cut-off write, or damage to the last rows',
  corrupt_record: 'bytes that stand where a record should are not what was written',
  corrupt_segment_header: 'the segment’s first bytes are not what was written; the records behind them are kept',
  ruined_segment: 'nothing of the segment can be read, neither its header nor a record',
  empty_segment: 'the segment’s file is empty, which the log never leaves behind',
  missing_records: 'rows that were acknowledged are not on disk, and no damaged bytes stand for them',
  overlapping_records: 'records repeat sequence numbers of earlier ones; the earlier ones count',
  corrupt_checkpoint: 'the checkpoint is not what was written; everything on disk is replayed',
  missing_checkpoint: 'segments without a checkpoint; everything on disk is replayed',
} as const;

export type DamageKind = keyof typeof damageMeanings;

export interface Damage {
  readonly kind: DamageKind;
  /** Name of the file in the log's folder. */
  readonly segment: string;
  /** Where the damaged bytes begin in the file. */
  readonly offset: number;
  readonly lengthBytes: number;
  /** The rows that are gone from the log, where that is known. */
  readonly sequences?: SequenceRange;
  /** False when it is certain that each row concerned was never acknowledged, is kept, or lies below the checkpoint. */
  readonly rowsMayBeLost: boolean;
  /** Copy of the damaged bytes, absolute path. Absent where there are none, or where they could not be copied. */
  readonly quarantinedTo?: string;
  /** One sentence for the operator: what, where, which rows, and where the bytes went. */
  readonly message: string;
}

/** Damage as a scan finds it, before its bytes are in quarantine. */
export type FoundDamage = Pick<Damage, 'kind' | 'segment' | 'offset' | 'lengthBytes' | 'sequences'>;
