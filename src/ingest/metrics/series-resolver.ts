/**
 * From the runs of a body to the series that they are stored as. Series that a sender has named before are found by the bytes it
 * names them with; others by their labels, which are checked here, once; and those that are new ask the governor, which may fold them
 * into another series, send them to the event plane, or refuse them.
 */
import { assert } from '../../base/assert.js';
import type { ErrorCode } from '../../base/errors.js';
import { checkCanonical, type LabelProblem } from '../../model/label-check.js';
import { createLabelWriter } from '../../model/label-writer.js';
import { createRejectionTally, type RejectionTally } from '../../model/rejection-tally.js';
import type { SampleBatch } from '../../model/sample-batch.js';
import { canonicalLabels } from '../../protocols/remote-write/label-section.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { FoldAggregate } from '../cardinality/fold-aggregate.js';
import type { Governor } from '../cardinality/governor.js';
import { noRef } from './metric-record.js';
import { createSenderKeys } from './sender-keys.js';

/** A run whose samples go into another series, through the folder. */
export interface FoldedRun {
  readonly run: number;
  readonly source: FoldSource;
}

/** A series that is not stored under its own labels. */
export interface FoldSource {
  /** 64-bit id of the labels that the sender gave, in halves. */
  readonly idLow: number;
  readonly idHigh: number;
  readonly target: number;
  readonly aggregate: FoldAggregate;
  /** The source was stored under its own labels before. */
  readonly hadSeries: boolean;
}

/** A run that belongs on the event plane. */
export interface RoutedRun {
  readonly run: number;
  /** Canonical label bytes. */
  readonly labels: Uint8Array;
}

export interface ResolvedRuns {
  /** By run; `noRef` for those that are folded, routed or refused. Valid until the next call. */
  readonly refs: Uint32Array;
  readonly folded: readonly FoldedRun[];
  readonly routed: readonly RoutedRun[];
  /** Counts samples; `line` is the number of the run, from 1. */
  readonly refused: RejectionTally;
}

export interface SeriesResolver {
  resolve(batch: SampleBatch): ResolvedRuns;
  /** Whether a series is stored under these canonical label bytes. */
  isStored(labels: Uint8Array): boolean;
  /** Forgets what senders' bytes stand for: to be called when series were removed. */
  forget(): void;
  /** Bytes of memory. */
  readonly stateBytes: number;
}

export interface ResolverOptions {
  readonly index: SeriesIndex;
  readonly governor: Governor;
  /** 64-bit hash of canonical label bytes, as the index computes ids. */
  readonly hash64: (bytes: Uint8Array) => bigint;
  readonly senderKeysBytesMax: number;
}

/** Set in what is remembered for a sender's bytes where they stand for a folded source; the other bits are its number. */
const foldedFlag = 0x80000000;

export function createSeriesResolver({ index, governor, hash64, senderKeysBytesMax }: ResolverOptions): SeriesResolver {
  const senderKeys = createSenderKeys(senderKeysBytesMax);
  const writer = createLabelWriter();
  let sources: FoldSource[] = [];
  let refs = new Uint32Array(1024);

  function labelsOf({ keyForm, keys }: SampleBatch, start: number, end: number): Uint8Array | LabelProblem {
    if (keyForm === 'remote_write_1') return canonicalLabels(keys, start, end, writer);
    return checkCanonical(keys, start, end) ?? keys.subarray(start, end);
  }

  /** What the run's key stands for, asked for the first time: a series, or what is folded into one. */
  function admit(batch: SampleBatch, run: number, into: Admitting): number | FoldSource {
    const labels = labelsOf(batch, batch.keyStarts[run]!, batch.keyEnds[run]!);
    if (!(labels instanceof Uint8Array)) {
      into.refuse(run, labels.code, labels.message);
      return noRef;
    }
    const admission = governor.admit(labels);
    switch (admission.kind) {
      case 'store':
        return index.add(labels, 0, labels.length);
      case 'fold': {
        const halves = new Uint32Array(BigUint64Array.of(hash64(labels)).buffer);
        const { target, aggregate, hadSeries } = admission;
        const ref = index.add(target, 0, target.length);
        return { idLow: halves[0]!, idHigh: halves[1]!, target: ref, aggregate, hadSeries };
      }
      case 'route':
        into.routed.push({ run, labels: labels.slice() });
        return noRef;
      case 'reject':
        into.refuse(run, admission.code, admission.message);
        return noRef;
    }
  }

  function resolve(batch: SampleBatch): ResolvedRuns {
    const { runCount, keyStarts, keyEnds, sampleEnds } = batch;
    if (refs.length < runCount) refs = new Uint32Array(Math.max(runCount, refs.length * 2));
    const refused = createRejectionTally();
    const folded: FoldedRun[] = [];
    const routed: RoutedRun[] = [];
    const into: Admitting = {
      routed,
      refuse(run, code, message) {
        refused.add(run + 1, code, () => message, sampleEnds[run]! - (run === 0 ? 0 : sampleEnds[run - 1]!));
      },
    };
    if (senderKeys.begin(batch.keys)) sources = [];
    for (let run = 0; run < runCount; run++) {
      const start = keyStarts[run]!;
      const end = keyEnds[run]!;
      const known = senderKeys.find(start, end);
      if (known === noRef) refs[run] = meet(run, start, end);
      else if ((known & foldedFlag) === 0) refs[run] = known;
      else {
        refs[run] = noRef;
        folded.push({ run, source: sources[known & ~foldedFlag]! });
      }
    }
    return { refs, folded, routed, refused };

    function meet(run: number, start: number, end: number): number {
      const target = admitOrRefuse(run);
      if (typeof target === 'number') {
        if (target !== noRef) senderKeys.remember(start, end, target);
        return target;
      }
      folded.push({ run, source: target });
      if (senderKeys.remember(start, end, (foldedFlag | sources.length) >>> 0)) sources.push(target);
      return noRef;
    }

    function admitOrRefuse(run: number): number | FoldSource {
      try {
        return admit(batch, run, into);
      } catch (error) {
        into.refuse(run, codeOf(error), (error as Error).message);
        return noRef;
      }
    }
  }

  return {
    resolve,
    isStored: (labels) => index.find(labels, 0, labels.length) >= 0,
    forget() {
      senderKeys.clear();
      sources = [];
    },
    get stateBytes() {
      return senderKeys.stateBytes + sources.length * 64;
    },
  };
}

interface Admitting {
  readonly routed: RoutedRun[];
  refuse(run: number, code: ErrorCode, message: string): void;
}

/** An id that another series has is the sender's to hear of; all else is a bug. */
function codeOf(error: unknown): ErrorCode {
  const code = (error as { code?: ErrorCode }).code;
  assert(code === 'series_id_taken', error instanceof Error ? (error.stack ?? error.message) : String(error));
  return code;
}
