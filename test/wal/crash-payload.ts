/** A payload of 20 bytes to 20 KB that its id determines: the id, a line end, and bytes that follow from the id. */
export function crashPayload(id: string): Buffer {
  let state = 2166136261;
  for (const byte of Buffer.from(id)) state = Math.imul(state ^ byte, 16777619);
  const bytes = Buffer.alloc(20 + ((state >>> 0) % 20_000));
  for (let index = 0; index < bytes.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[index] = state >>> 24;
  }
  return Buffer.concat([Buffer.from(`${id}\n`), bytes]);
}

/** The id at the start of a payload. */
export const idOf = (payload: Uint8Array): string => Buffer.from(payload).toString('latin1').split('\n', 1)[0]!;
