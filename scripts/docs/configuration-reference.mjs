// docs/reference/configuration.md: every key with its variable, default and meaning.
import { code, generatedNote, table } from './markdown.mjs';

const introduction = `# Configuration

Every key has a default: a server starts without any configuration. A key is taken from, the later winning over the earlier,

1. its default,
2. a YAML file: the one of \`--config FILE\`, else \`barograph.yaml\` in the working folder where there is one,
3. its environment variable; an empty one counts as absent,
4. flags: \`--data FOLDER\`, \`--listen HOST:PORT\`, and \`--set key=value\` for any key, again and again.

\`\`\`yaml
# barograph.yaml
data: /var/lib/barograph
listen: 0.0.0.0:4800
log:
  level: warn
ingest:
  flush_interval: 500ms
\`\`\`

The same with flags: \`barograph serve --data /var/lib/barograph --listen 0.0.0.0:4800 --set log.level=warn --set ingest.flush_interval=500ms\`.

Durations are written with a unit, \`250ms\`, \`1s\`, \`5m\`, \`2h\`, \`7d\`, and sizes too, \`64MiB\`, \`10GB\`, or as a number of bytes. Relative
paths start at the working folder. An unknown key or variable is refused with the nearest known one, a wrong value with its
key, its source, what was got and what was wanted; all problems are told at once, and the server does not start. Secrets are
never printed.
`;

/**
 * @param {readonly object[]} keys the program's configuration keys
 * @param {{forms: object, boundsOf: (key: object) => string[]}} writing how the program writes values
 */
export function configurationReference(keys, { forms, boundsOf }) {
  const sections = groupBy(keys, sectionOf);
  const tables = [...sections].map(([section, members]) => {
    const rows = members.map((key) => [
      code(key.name),
      code(key.variable),
      [formOf(key), ...boundsOf(key)].join(', '),
      defaultOf(key, forms),
      `${key.schema.description}${key.schema.secret ? ' Never printed.' : ''}`,
    ]);
    const title = section === '' ? 'Top level' : code(section);
    return `## ${title}\n\n${table(['Key', 'Variable', 'Form', 'Default', 'Meaning'], rows)}\n`;
  });
  return [generatedNote, introduction, ...tables].join('\n');
}

const sectionOf = ({ name }) => (name.includes('.') ? name.slice(0, name.indexOf('.')) : '');

const formOf = ({ schema }) => schema.enum?.map(code).join(', ') ?? schema.form.replaceAll('_', ' ');

function defaultOf({ schema }, forms) {
  if (schema.default === undefined) return schema.defaultMeaning ?? 'none';
  return code(forms[schema.form].format(schema.default));
}

/** In order of first appearance. Node 20 has no Map.groupBy yet. */
function groupBy(items, groupOf) {
  const groups = new Map();
  for (const item of items) groups.set(groupOf(item), [...(groups.get(groupOf(item)) ?? []), item]);
  return groups;
}
