/** The fixtures that fixtures/make.py wrote. They are read from the sources: only code is built. */
import { readFileSync } from 'node:fs';

const folder = new URL('../../../test/evaluation/fixtures/', import.meta.url);

export const fixture = <Content>(name: string): Content =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Content;

export type Expected = Readonly<Record<string, number | null>>;
