/** Lets go of what the consumer has stored. */
import { writeCheckpoint } from './checkpoint.js';
import { logErrorOf } from './file-operations.js';
import { deleteFiles } from './log-folder.js';
import type { LogState } from './log-state.js';

/** Remembers the checkpoint, then deletes what lies below it: in this order, so that a crash between loses nothing. */
export async function advanceCheckpoint(state: LogState, sequence: number): Promise<void> {
  if (sequence <= state.checkpointSequence) return;
  try {
    await writeCheckpoint(state.folder, sequence);
    state.checkpointSequence = sequence;
    await deleteStoredSegments(state);
  } catch (error) {
    throw logErrorOf(error, `remember that everything below ${sequence} is stored`);
  }
}

/** Segments leave the list first: a reader that then misses a file knows why. */
export async function deleteStoredSegments(state: LogState): Promise<void> {
  const { segments, active, checkpointSequence } = state;
  let end = 0;
  while (end < segments.length && segments[end] !== active?.segment && segments[end]!.endSequence <= checkpointSequence)
    end++;
  const stored = segments.slice(0, end);
  state.segments = segments.slice(end);
  await deleteFiles(
    state.folder,
    stored.map((segment) => segment.name),
  );
}
