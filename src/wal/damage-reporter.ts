/** Puts damaged bytes into quarantine and tells the owner, once for each place. */

import { type Damage, damageMeanings, type FoundDamage, type SequenceRange } from './damage.js';
import { isDiskFull, isNotFound } from './file-operations.js';
import { copyRange } from './quarantine.js';

export interface DamageReporter {
  /**
   * Resolves true once nothing of the damaged bytes is known by their file alone: they are in quarantine, or there are
   * none. Resolves false where the quarantine has no room; the file must then be left as it is. `checkpoint` is
   * undefined while it is not known.
   */
  report(found: FoundDamage, checkpoint: number | undefined): Promise<boolean>;
  /** Places reported since the log was opened. */
  readonly reportedCount: number;
}

export function createDamageReporter(folder: string, onDamage: (damage: Damage) => void): DamageReporter {
  const reported = new Set<string>();
  return {
    async report(found, checkpoint) {
      const place = `${found.kind} ${found.segment} ${found.offset}`;
      if (reported.has(place)) return true;
      reported.add(place);
      const quarantinedTo = needsQuarantine(found) ? await quarantine(folder, found) : undefined;
      onDamage({
        ...found,
        rowsMayBeLost: mayLoseRows(found, checkpoint),
        ...(quarantinedTo === undefined ? {} : { quarantinedTo }),
        message: messageFor(found, quarantinedTo),
      });
      return !needsQuarantine(found) || quarantinedTo !== undefined;
    },
    get reportedCount() {
      return reported.size;
    },
  };
}

/** A torn tail holds nothing that anyone was promised; a machine that crashes often must not fill a folder with them. */
const needsQuarantine = (found: FoundDamage): boolean => found.lengthBytes > 0 && found.kind !== 'torn_tail';

/** A full disk or a file gone since must not keep the log from opening or reading on. */
async function quarantine(folder: string, found: FoundDamage): Promise<string | undefined> {
  try {
    return await copyRange(folder, found.segment, found.offset, found.lengthBytes);
  } catch (error) {
    if (isDiskFull(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

function mayLoseRows(found: FoundDamage, checkpoint: number | undefined): boolean {
  if (found.sequences !== undefined) return checkpoint === undefined || found.sequences.end > checkpoint;
  return found.kind === 'corrupt_tail' || found.kind === 'ruined_segment' || found.kind === 'empty_segment';
}

function messageFor(found: FoundDamage, quarantinedTo: string | undefined): string {
  const place =
    found.lengthBytes > 0
      ? `${found.segment}, ${found.lengthBytes} bytes at offset ${found.offset}`
      : `${found.segment}, offset ${found.offset}`;
  const rows = found.sequences === undefined ? '' : `; sequences ${inWords(found.sequences)}`;
  return `${place}: ${damageMeanings[found.kind]}${rows}${whereabouts(found, quarantinedTo)}`;
}

const inWords = ({ from, end }: SequenceRange): string => `${from} to ${end - 1} (${end - from} rows)`;

function whereabouts(found: FoundDamage, quarantinedTo: string | undefined): string {
  if (quarantinedTo !== undefined) return `; the bytes were copied to ${quarantinedTo}`;
  return needsQuarantine(found) ? '; there was no room to copy the bytes, and they stay in the segment' : '';
}
