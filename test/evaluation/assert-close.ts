import assert from 'node:assert/strict';

/**
 * Relative difference that two orders of summing the same doubles may make; measures near 0 (a bias, 1 minus a ratio) have
 * it relative to 1, since they are differences of numbers of that size.
 */
const tolerance = 1e-12;

/** Asserts that figures are those of the fixture, by name; null only where the fixture has null. */
export function assertClose(
  got: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, number | null>>,
  what: string,
): void {
  assert.deepEqual(Object.keys(got).sort(), Object.keys(wanted).sort(), `${what}: names of metrics`);
  for (const [name, value] of Object.entries(wanted)) {
    const found = got[name];
    if (value === null || typeof found !== 'number') assert.equal(found, value, `${what}: ${name}`);
    else {
      const allowed = tolerance * Math.max(1, Math.abs(value));
      assert.ok(Math.abs(found - value) <= allowed, `${what}: ${name} is ${found}, wanted ${value}`);
    }
  }
}
