// Each dependency is a decision, and each decision has a note: what it is for, and why this one.

/**
 * Every dependency of package.json that no note in docs/decisions/ names between backticks, and every row of the table
 * in docs/decisions/dependencies.md whose package is none any more.
 * @param {string} packageJson its text
 * @param {{path: string, text: string}[]} notes
 * @returns {string[]}
 */
export function dependencyProblems(packageJson, notes) {
  const { dependencies, optionalDependencies, devDependencies, overrides } = JSON.parse(packageJson);
  const used = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies, ...overrides });
  const named = new Set(notes.flatMap(({ text }) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name)));
  const rows = notes.flatMap(({ path, text }) =>
    [...text.matchAll(/^\| `([^`\n]+)`/gm)].map(([, name]) => ({ path, name })),
  );
  return [
    ...used.filter((name) => !named.has(name)).map((name) => `package.json: ${name} has no note in docs/decisions/`),
    ...rows
      .filter(({ path, name }) => path === 'docs/decisions/dependencies.md' && !used.includes(name))
      .map(({ path, name }) => `${path}: ${name} is no dependency any more`),
  ];
}
