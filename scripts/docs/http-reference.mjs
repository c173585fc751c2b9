// docs/reference/http-api.md: the OpenAPI document as people read it.
import { code, generatedNote, table } from './markdown.mjs';

const methods = ['get', 'put', 'post', 'delete', 'patch'];

/** @param {object} openApi an OpenAPI 3.1 document */
export function httpReference(openApi) {
  const operations = Object.entries(namedTypes(openApi.paths ?? {}, openApi.components?.schemas ?? {})).flatMap(
    ([path, item]) =>
      methods.filter((method) => item[method] !== undefined).map((method) => ({ path, method, ...item[method] })),
  );
  const families = (openApi.tags ?? []).map(({ name, description }) => {
    const members = operations.filter(({ tags }) => tags?.includes(name));
    return [`## ${name}`, ...(description ? [description] : []), ...members.map(operationText)].join('\n\n');
  });
  const schemas = Object.entries(openApi.components?.schemas ?? {}).map(schemaText);
  const introduction = [
    generatedNote,
    '# HTTP API',
    `Version ${openApi.info.version}. The same as data: [openapi.json](openapi.json), and ${code('/openapi.json')} of a running server. Codes of errors: [errors.md](errors.md).`,
  ];
  return `${[...introduction, ...families, '## Types', ...schemas].join('\n\n')}\n`;
}

/** The paths with every schema that is one of the named types replaced by its name: the generator writes some out in full. */
function namedTypes(paths, schemas) {
  const names = new Map(Object.entries(schemas).map(([name, schema]) => [JSON.stringify(schema), name]));
  const named = (node) => {
    if (typeof node !== 'object' || node === null) return node;
    const name = names.get(JSON.stringify(node));
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    if (Array.isArray(node)) return node.map(named);
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, named(value)]));
  };
  return named(paths);
}

function operationText({ path, method, summary, description, parameters = [], requestBody, responses = {} }) {
  return [
    `### ${code(`${method.toUpperCase()} ${path}`)}`,
    ...[summary && `${summary}.`, description].filter(Boolean),
    ...(parameters.length === 0 ? [] : [table(['Parameter', 'In', 'Type', 'Meaning'], parameters.map(parameterRow))]),
    ...Object.entries(requestBody?.content ?? {}).map(
      ([type, { schema }]) => `Body, ${code(type)}: ${typeText(schema)}.`,
    ),
    table(['Status', 'Answer'], Object.entries(responses).map(responseRow)),
  ].join('\n\n');
}

const parameterRow = ({ name, in: place, required, schema = {}, description, example }) => [
  `${code(name)}${required ? ' (required)' : ''}`,
  place,
  typeText(schema),
  meaningOf({ description, example, ...schema }),
];

function responseRow([status, { description = '', content = {} }]) {
  const answers = Object.entries(content).map(([type, { schema }]) => `${code(type)}: ${typeText(schema)}`);
  return [status, [description, ...answers].filter((text) => text !== '' && text !== 'Default Response').join(' ')];
}

function schemaText([name, schema]) {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([property, type]) => [
    `${code(property)}${required.has(property) ? ' (required)' : ''}`,
    typeText(type),
    meaningOf(type),
  ]);
  const parts = [`### ${name}`, ...(schema.description ? [schema.description] : [])];
  return [...parts, ...(rows.length === 0 ? [] : [table(['Field', 'Type', 'Meaning'], rows)])].join('\n\n');
}

function meaningOf({ description, example, examples = example === undefined ? [] : [example] }) {
  const example0 = examples[0] === undefined ? '' : `Example: ${code(exampleText(examples[0]))}.`;
  return [description ?? '', example0].filter((text) => text !== '').join(' ');
}

const exampleText = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/** A schema in a few words. */
function typeText(schema = {}) {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => code(value)).join(', ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return choices.map(typeText).join(' or ');
  if (schema.type === 'array') return `array of ${typeText(schema.items)}`;
  if (schema.type === 'object') return objectText(schema);
  return [schema.type].flat().join(' or ') + (schema.format === undefined ? '' : ` (${schema.format})`) || 'any value';
}

function objectText({ properties, additionalProperties, patternProperties }) {
  const fields = Object.entries(properties ?? {}).map(([name, type]) => `${code(name)}: ${typeText(type)}`);
  if (fields.length > 0) return `object {${fields.join(', ')}}`;
  const values = Object.values(patternProperties ?? {})[0] ?? additionalProperties;
  return values === undefined || typeof values === 'boolean' ? 'object' : `object of ${typeText(values)} by name`;
}
