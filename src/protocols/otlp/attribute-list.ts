/**
 * The attributes of one data point, resource or scope, as ranges of bytes: keys and values of type string lie where they were sent, other
 * values are written as text into a buffer of the list's own. The list is filled again and again, and makes no object per attribute.
 */
import { WireReader } from '../protobuf/wire-reader.js';
import { attributeDepthMax, attributeText } from './attribute-value.js';
import type { Refusal } from './refusals.js';

/** Tags of KeyValue's key and value and of AnyValue's string, each of wire type "bytes" with a one-byte field number. */
const keyTag = 0x0a;
const valueTag = 0x12;
const stringTag = 0x0a;

/** A guess: more attributes than nearly every data point has. */
const firstCount = 32;

export class AttributeList {
  count = 0;
  /** Key i is bytes[keyStarts[i], keyEnds[i]) of the body. */
  keyStarts = new Uint32Array(firstCount);
  keyEnds = new Uint32Array(firstCount);
  /** Value i is [valueStarts[i], valueEnds[i]) of the body, or of `texts` where `inTexts[i]` is 1. */
  valueStarts = new Uint32Array(firstCount);
  valueEnds = new Uint32Array(firstCount);
  inTexts = new Uint8Array(firstCount);
  texts = Buffer.alloc(1024);
  /** Why the attributes cannot be taken, where one of them cannot. */
  refusal: Refusal | undefined;
  readonly bytes: Uint8Array;
  private textsEnd = 0;
  private readonly inner: WireReader;

  constructor(body: Uint8Array) {
    this.bytes = body;
    this.inner = new WireReader(body);
  }

  clear(): void {
    this.count = 0;
    this.textsEnd = 0;
    this.refusal = undefined;
  }

  /** Adds the KeyValue that is the reader's field. Fails as the reader does. */
  add(reader: WireReader): void {
    reader.range();
    const { start, stop } = reader;
    const i = this.count;
    if (i === this.keyStarts.length) this.grow();
    this.count++;
    // As every sender writes it: the key, then the value, which is a string, all lengths in one byte.
    const { bytes } = this;
    const keyStart = start + 2;
    const keyEnd = keyStart + bytes[start + 1]!;
    if (
      bytes[start] === keyTag &&
      stop - start < 128 &&
      keyEnd + 4 <= stop &&
      bytes[keyEnd] === valueTag &&
      keyEnd + 2 + bytes[keyEnd + 1]! === stop &&
      bytes[keyEnd + 2] === stringTag &&
      keyEnd + 4 + bytes[keyEnd + 3]! === stop
    ) {
      this.keyStarts[i] = keyStart;
      this.keyEnds[i] = keyEnd;
      this.valueStarts[i] = keyEnd + 4;
      this.valueEnds[i] = stop;
      this.inTexts[i] = 0;
    } else this.addOfAnyForm(i, start, stop);
  }

  private addOfAnyForm(i: number, start: number, stop: number): void {
    const reader = this.inner;
    this.keyStarts[i] = this.keyEnds[i] = this.valueStarts[i] = this.valueEnds[i] = start;
    this.inTexts[i] = 0;
    reader.position = start;
    reader.end = stop;
    while (reader.next()) {
      if (reader.field === 1) {
        reader.range();
        this.keyStarts[i] = reader.start;
        this.keyEnds[i] = reader.stop;
      } else if (reader.field === 2) this.readValue(i);
      else reader.skip();
    }
  }

  /** Reads the AnyValue that is the inner reader's field. */
  private readValue(i: number): void {
    const reader = this.inner;
    const outer = reader.enter();
    const end = reader.end;
    const start = reader.position;
    if (reader.next() && reader.field === 1) {
      reader.range();
      if (reader.stop === end) {
        this.setValue(i, reader.start, reader.stop, 0);
        reader.leave(outer);
        return;
      }
    }
    reader.position = start;
    const text = attributeText(reader);
    // Where it was too deep, the reader stands in the midst of the value.
    reader.end = end;
    reader.leave(outer);
    if (text === undefined)
      this.refusal ??= {
        code: 'too_deep',
        message: `an attribute's arrays and maps are more than ${attributeDepthMax} deep`,
      };
    else this.addText(i, text);
  }

  private addText(i: number, text: string): void {
    // UTF-8 needs at most three bytes for a code unit.
    const needed = this.textsEnd + 3 * text.length;
    if (needed > this.texts.length) {
      const larger = Buffer.alloc(Math.max(2 * this.texts.length, needed));
      larger.set(this.texts);
      this.texts = larger;
    }
    const start = this.textsEnd;
    this.textsEnd += this.texts.write(text, start);
    this.setValue(i, start, this.textsEnd, 1);
  }

  private setValue(i: number, start: number, end: number, inTexts: number): void {
    this.valueStarts[i] = start;
    this.valueEnds[i] = end;
    this.inTexts[i] = inTexts;
  }

  private grow(): void {
    const grown = (array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(2 * array.length);
      larger.set(array);
      return larger;
    };
    this.keyStarts = grown(this.keyStarts);
    this.keyEnds = grown(this.keyEnds);
    this.valueStarts = grown(this.valueStarts);
    this.valueEnds = grown(this.valueEnds);
    const inTexts = new Uint8Array(this.keyStarts.length);
    inTexts.set(this.inTexts);
    this.inTexts = inTexts;
  }
}
