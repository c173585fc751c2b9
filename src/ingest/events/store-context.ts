import type { Precedence } from '../../base/precedence.js';
import type { Engine } from '../../storage/engine.js';
import type { StoreAttempt } from '../appender.js';
import type { IngestCounters } from '../counters.js';
import type { KnownIds } from './known-ids.js';

/** What storing events works with. */
export interface StoreContext extends StoreAttempt {
  readonly engine: Engine;
  readonly knownIds: KnownIds;
  readonly precedence: Precedence;
  readonly counters: IngestCounters;
}
