// Runs gates one after another, all of them even when one fails, and tells each one's name and result.

/**
 * @typedef {object} Gate
 * @property {string} name
 * @property {() => string[] | Promise<string[]>} run gives its problems, each a line; none where all is well
 */

/** Most problems of one gate that are printed. */
const problemsPrintedMax = 100;

/**
 * Runs the gates and gives the names of those that failed. A gate that throws has failed.
 * @param {Gate[]} gates
 * @param {(text: string) => void} print
 * @returns {Promise<string[]>}
 */
export async function runGates(gates, print) {
  const failed = [];
  for (const { name, run } of gates) {
    const startMs = performance.now();
    const problems = await Promise.resolve()
      .then(run)
      .catch((error) => [error?.stack ?? String(error)]);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const result =
      problems.length === 0 ? 'ok' : `failed, ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
    print(`${name}: ${result} (${seconds} s)\n`);
    for (const problem of problems.slice(0, problemsPrintedMax)) print(`  ${problem}\n`);
    if (problems.length > problemsPrintedMax) print(`  … and ${problems.length - problemsPrintedMax} more\n`);
    if (problems.length > 0) failed.push(name);
  }
  return failed;
}
