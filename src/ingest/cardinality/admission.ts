import type { ErrorCode } from '../../base/errors.js';
import type { FoldAggregate } from './fold-aggregate.js';

/** What becomes of a series. */
export type Admission =
  | { readonly kind: 'store' }
  | {
      readonly kind: 'fold';
      /** Canonical label bytes of the series that the samples go into, through the folder. */
      readonly target: Uint8Array;
      readonly aggregate: FoldAggregate;
      /** The source was stored under its own labels before: its first folded value is where its increases begin. */
      readonly hadSeries: boolean;
    }
  /** The samples belong on the event plane, as rows with these labels; they must not be stored as metrics. */
  | { readonly kind: 'route' }
  | { readonly kind: 'reject'; readonly code: ErrorCode; readonly message: string };
