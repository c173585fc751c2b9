/**
 * From the runs of a body to the series that they are stored as. Series that a sender has named before are found by the bytes it
 * names them with; others by their labels, which are checked here, once; and those that are new ask the governor, which may fold them
 * into another series, send them to the event plane, or refuse them.
 */
import { type ErrorCode, isBarographError } from '../../base/errors.js';
import type { Kernel } from '../../kernel/kernel.js';
import { checkCanonical, type LabelProblem } from '../../model/label-check.js';
import { createLabelWriter } from '../../model/label-writer.js';
import { createRejectionTally, type RejectionTally } from '../../model/rejection-tally.js';
import type { SampleBatch } from '../../model/sample-batch.js';
import { noRef } from '../../model/series-ref.js';
import { canonicalLabels } from '../../protocols/remote-write/label-section.js';
import type { SeriesIndex } from '../../series/index/series-index.js';
import type { Admission } from '../cardinality/admission.js';
import type { FoldAggregate } from '../cardinality/fold-aggregate.js';
import type { Governor } from '../cardinality/governor.js';
import { SenderKeys } from './sender-keys.js';

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
  readonly folded: FoldedRun[];
  readonly routed: RoutedRun[];
  /** Counts samples; `line` is the number of the run, from 1. */
  readonly refused: RejectionTally;
}

export interface ResolverOptions {
  readonly kernel: Kernel;
  readonly index: SeriesIndex;
  readonly governor: Governor;
  /** 64-bit hash of canonical label bytes, as the index computes ids. */
  readonly hash64: (bytes: Uint8Array) => bigint;
  readonly senderKeysBytesMax: number;
}

/** Set in what is remembered for a sender's bytes where they stand for a folded source; the other bits are its number. */
const foldedFlag = 0x80000000;

export class SeriesResolver {
  private readonly senderKeys: SenderKeys;
  private readonly writer = createLabelWriter();
  private sources: FoldSource[] = [];
  private refs = new Uint32Array(1024);

  constructor(private readonly options: ResolverOptions) {
    this.senderKeys = new SenderKeys(options.kernel, options.senderKeysBytesMax);
  }

  resolve(batch: SampleBatch): ResolvedRuns {
    const { runCount } = batch;
    if (this.refs.length < runCount) this.refs = new Uint32Array(Math.max(runCount, this.refs.length * 2));
    const { refs, senderKeys } = this;
    const resolved: ResolvedRuns = { refs, folded: [], routed: [], refused: createRejectionTally() };
    if (senderKeys.begin({ bytes: batch.keys, starts: batch.keyStarts, ends: batch.keyEnds })) this.sources = [];
    for (let from = 0; from < runCount; from += senderKeys.room) {
      const to = Math.min(runCount, from + senderKeys.room);
      const misses = senderKeys.find(from, to, refs);
      if (misses > 0 || this.sources.length > 0) this.finish(batch, from, to, resolved);
    }
    return resolved;
  }

  /** Meets the runs [from, to) whose keys are not remembered, and tells apart those that are folded. */
  private finish(batch: SampleBatch, from: number, to: number, into: ResolvedRuns): void {
    const { refs, senderKeys } = this;
    for (let run = from; run < to; run++) {
      let known = refs[run]!;
      if (known === noRef) known = senderKeys.findAgain(run);
      if (known === noRef) refs[run] = this.meet(batch, run, into);
      else if ((known & foldedFlag) === 0) refs[run] = known;
      else {
        refs[run] = noRef;
        into.folded.push({ run, source: this.sources[known & ~foldedFlag]! });
      }
    }
  }

  /** Whether a series is stored under these canonical label bytes. */
  isStored(labels: Uint8Array): boolean {
    return this.options.index.find(labels, 0, labels.length) >= 0;
  }

  /** Forgets what senders' bytes stand for: to be called when series were removed. */
  forget(): void {
    this.senderKeys.clear();
    this.sources = [];
  }

  /** A run whose key is not remembered: its series, or `noRef` where it has none of its own. */
  private meet(batch: SampleBatch, run: number, into: ResolvedRuns): number {
    const { senderKeys, sources } = this;
    const target = this.admit(batch, run, into);
    if (typeof target === 'number') {
      if (target !== noRef) senderKeys.remember(run, target);
      return target;
    }
    into.folded.push({ run, source: target });
    if (senderKeys.remember(run, (foldedFlag | sources.length) >>> 0)) sources.push(target);
    return noRef;
  }

  private admit(batch: SampleBatch, run: number, into: ResolvedRuns): number | FoldSource {
    const labels = this.labelsOf(batch, batch.keyStarts[run]!, batch.keyEnds[run]!);
    if (!(labels instanceof Uint8Array)) return refuse(batch, run, labels, into);
    const admission = this.options.governor.admit(labels);
    try {
      switch (admission.kind) {
        case 'store':
          return this.options.index.add(labels, 0, labels.length);
        case 'fold':
          return this.foldSource(labels, admission);
        case 'route':
          into.routed.push({ run, labels: new Uint8Array(labels) });
          return noRef;
        case 'reject':
          return refuse(batch, run, admission, into);
      }
    } catch (error) {
      // An id that another series has is the sender's to hear of; all else is a bug.
      if (!isBarographError(error, 'series_id_taken')) throw error;
      return refuse(batch, run, error, into);
    }
  }

  private labelsOf({ keyForm, keys }: SampleBatch, start: number, end: number): Uint8Array | LabelProblem {
    if (keyForm === 'remote_write_1') return canonicalLabels(keys, start, end, this.writer);
    return checkCanonical(keys, start, end) ?? keys.subarray(start, end);
  }

  private foldSource(labels: Uint8Array, { target, aggregate, hadSeries }: Admission & { kind: 'fold' }): FoldSource {
    const halves = new Uint32Array(BigUint64Array.of(this.options.hash64(labels)).buffer);
    const ref = this.options.index.add(target, 0, target.length);
    return { idLow: halves[0]!, idHigh: halves[1]!, target: ref, aggregate, hadSeries };
  }
}

function refuse(
  { sampleEnds }: SampleBatch,
  run: number,
  { code, message }: { readonly code: ErrorCode; readonly message: string },
  { refused }: ResolvedRuns,
): number {
  refused.add(run + 1, code, () => message, sampleEnds[run]! - (run === 0 ? 0 : sampleEnds[run - 1]!));
  return noRef;
}
