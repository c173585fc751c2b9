/** What every record of the metrics' log begins with: kind, version, flags, a spare byte, 32 bits of count, then the time of arrival. */

export const formatVersion = 1;
export const kindBytes = { samples: 1, notes: 2, deletion: 3, routed: 4, histograms: 5 } as const;
export const headerBytes = 16;

export function writeHeader(
  out: Uint8Array,
  kind: keyof typeof kindBytes,
  flags: number,
  count: number,
  arrivedMs: number,
): DataView {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  view.setUint8(0, kindBytes[kind]);
  view.setUint8(1, formatVersion);
  view.setUint8(2, flags);
  view.setUint8(3, 0);
  view.setUint32(4, count, true);
  view.setFloat64(8, arrivedMs, true);
  return view;
}
