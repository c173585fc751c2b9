import assert from 'node:assert/strict';
import { it } from 'node:test';
import { expositionFormat } from '../../../src/protocols/exposition/content-type.js';

it('a content type names the format, whatever its version and charset', () => {
  for (const [contentType, format] of [
    ['text/plain; version=0.0.4; charset=utf-8', 'text'],
    ['text/plain;version=1.0.0;escaping=allow-utf-8', 'text'],
    ['Text/Plain', 'text'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
  ] as const)
    assert.equal(expositionFormat(contentType), format);
});

it('any other content type is the fallback, and refused where there is none', () => {
  for (const contentType of [undefined, '', 'text/html', 'application/x-www-form-urlencoded', 'constructor']) {
    assert.equal(expositionFormat(contentType, 'openmetrics'), 'openmetrics');
    assert.throws(() => expositionFormat(contentType), { code: 'unsupported_content_type' });
  }
});
