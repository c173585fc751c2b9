/** Adds the names of an order to a column of names, whose place there is looked for once for each name. */
import { assert } from '../../base/assert.js';
import type { DictionaryBuilder } from '../../model/dictionary-builder.js';
import { QuotedNames } from './quoted-names.js';

export class NamePlaces {
  private column: DictionaryBuilder | undefined;
  private order = new QuotedNames([]);
  /** By name of the order its place + 1, 0 where it is not known yet. */
  private places = new Uint32Array(0);

  /** Names go to this column from now on, which was cleared. */
  bind(column: DictionaryBuilder): void {
    this.column = column;
    this.places.fill(0);
  }

  /** Names are those of this order from now on. */
  follow(order: QuotedNames): void {
    if (this.order === order) return;
    this.order = order;
    this.places = new Uint32Array(order.count);
  }

  add(name: number): void {
    this.bound.addPlace(this.placeOf(name));
  }

  /** Adds the names keys[from] to keys[to - 1]. */
  addAll(keys: Uint32Array, from: number, to: number): void {
    const { places } = this;
    for (let i = from; i < to; i++) if (places[keys[i]!] === 0) this.placeOf(keys[i]!);
    this.bound.addPlaces(places, keys, from, to);
  }

  private placeOf(name: number): number {
    const known = this.places[name]!;
    if (known > 0) return known - 1;
    const { order } = this;
    const place = this.bound.placeOfWords(order.view, order.startOf(name), order.endOf(name));
    this.places[name] = place + 1;
    return place;
  }

  private get bound(): DictionaryBuilder {
    assert(this.column !== undefined, 'names go to a column');
    return this.column;
  }
}
