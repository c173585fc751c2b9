/**
 * Reads the TimeSeries of a prometheus.WriteRequest that are of the form in which senders write them: labels, then samples with six-byte
 * times (1971 to 2109). It stops at everything else, which JavaScript reads. Source: prometheus prompb/remote.proto and types.proto.
 */

/** Runs, and samples, that are scanned before they are fetched. A guess: the largest requests of ordinary senders. */
const roomMax: u32 = 65536;

const timeSeriesTag: u8 = 0x0a;
const labelTag: u8 = 0x0a;
const timeTag: u8 = 0x10;
// First three bytes of the two forms of a sample: field 2, 16 bytes long, value; and field 2, 7 bytes long, time, the value being 0.
const valueForm: u32 = 0x091012;
const zeroForm: u32 = 0x100712;
const valueFormBytes: usize = 18;
const zeroFormBytes: usize = 9;

let keyStarts: usize = 0;
let keyEnds: usize = 0;
let sampleEnds: usize = 0;
let times: usize = 0;
let values: usize = 0;
let runs: u32 = 0;
let samples: u32 = 0;

/** Makes room for what is scanned, once; answers for how many runs and samples. */
export function createScan(): u32 {
  if (keyStarts != 0) return roomMax;
  keyStarts = heap.alloc(4 * roomMax);
  keyEnds = heap.alloc(4 * roomMax);
  sampleEnds = heap.alloc(4 * roomMax);
  times = heap.alloc(8 * roomMax);
  values = heap.alloc(8 * roomMax);
  return roomMax;
}

export function scannedRuns(): u32 {
  return runs;
}

export function scannedSamples(): u32 {
  return samples;
}

/** Offsets in the body of each run's label messages, u32. */
export function scannedKeyStarts(): usize {
  return keyStarts;
}

export function scannedKeyEnds(): usize {
  return keyEnds;
}

/** Run i's samples are [end of i - 1, end of i), u32. */
export function scannedSampleEnds(): usize {
  return sampleEnds;
}

/** Epoch milliseconds, f64. */
export function scannedTimes(): usize {
  return times;
}

/** Bits of f64. */
export function scannedValues(): usize {
  return values;
}

/** Scans the body at [body, bodyEnd) from `at`; answers where the first field begins that was not taken. What was scanned before is forgotten. */
export function scanWriteRequest(body: usize, at: usize, bodyEnd: usize): usize {
  runs = 0;
  samples = 0;
  while (bodyEnd - at >= 4 && load<u8>(at) == timeSeriesTag && runs < roomMax) {
    let labels = at + 2;
    let length = <u32>load<u8>(at + 1);
    if (length >= 128) {
      const second = <u32>load<u8>(labels++);
      length = (length & 127) | ((second & 127) << 7);
      if (second >= 128) {
        const third = <u32>load<u8>(labels++);
        if (third >= 128) return at;
        length |= third << 14;
      }
    }
    if (<usize>length > bodyEnd - labels) return at;
    const end = labels + length;
    const labelsEnd = passLabels(labels, end);
    if (labelsEnd == 0) return at;
    const count = scanSamples(labelsEnd, end);
    if (count < 0) return at;
    at = end;
    if (count == 0) continue;
    samples += <u32>count;
    store<u32>(keyStarts + 4 * runs, <u32>(labels - body));
    store<u32>(keyEnds + 4 * runs, <u32>(labelsEnd - body));
    store<u32>(sampleEnds + 4 * runs, samples);
    runs++;
  }
  return at;
}

/** Where the label messages end that begin at `at`; 0 where they are longer than common ones or than the series. */
// @ts-expect-error: decorator
@inline
function passLabels(at: usize, end: usize): usize {
  while (at + 2 < end && load<u8>(at) == labelTag) {
    const length = <usize>load<u8>(at + 1);
    if (length < 128) at += length + 2;
    else {
      const second = <usize>load<u8>(at + 2);
      if (second >= 128) return 0;
      at += (length & 127) + (second << 7) + 3;
    }
  }
  return at <= end ? at : 0;
}

/** Takes the samples at [at, end) behind those that there are; answers how many, or -1 where something else is among them or no room. */
// @ts-expect-error: decorator
@inline
function scanSamples(at: usize, end: usize): i32 {
  let next = samples;
  while (at < end) {
    if (next == roomMax || end - at < zeroFormBytes) return -1;
    const form = load<u32>(at) & 0xffffff;
    if (form == valueForm && end - at >= valueFormBytes && load<u8>(at + 11) == timeTag) {
      const low = load<u32>(at + 12);
      const high = <u32>load<u16>(at + 16);
      if (!isSixByteVarint(low, high)) return -1;
      store<u64>(values + 8 * next, load<u64>(at + 3));
      store<f64>(times + 8 * next, sixByteVarint(low, high));
      at += valueFormBytes;
    } else if (form == zeroForm) {
      const low = load<u32>(at + 3);
      const high = <u32>load<u16>(at + 7);
      if (!isSixByteVarint(low, high)) return -1;
      store<u64>(values + 8 * next, 0);
      store<f64>(times + 8 * next, sixByteVarint(low, high));
      at += zeroFormBytes;
    } else return -1;
    next++;
  }
  return <i32>(next - samples);
}

/** Whether four bytes and two more are a number of variable length: all but the last byte go on. */
// @ts-expect-error: decorator
@inline
function isSixByteVarint(low: u32, high: u32): bool {
  return (low & 0x80808080) == 0x80808080 && (high & 0x8080) == 0x0080;
}

// @ts-expect-error: decorator
@inline
function sixByteVarint(low: u32, high: u32): f64 {
  const low28 = (low & 0x7f) | ((low >>> 1) & 0x3f80) | ((low >>> 2) & 0x1fc000) | ((low >>> 3) & 0xfe00000);
  const high14 = (high & 0x7f) | ((high >>> 1) & 0x3f80);
  return <f64>((<u64>high14 << 28) | <u64>low28);
}
