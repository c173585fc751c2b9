/**
 * Which functions readers may call: those that compute on values and nothing else. The engine's own catalogue says what a
 * function is, so that the list need not name a thousand of them; what is in no family known here is refused.
 */
import { BarographError } from '../../base/errors.js';
import type { Engine } from '../engine.js';

/** Families of `system.functions` whose members all compute on their arguments alone. */
const openFamilies = new Set([
  'Arithmetic',
  'Arrays',
  'Bit',
  'Bitmap',
  'Comparison',
  'Conditional',
  'Dates and Times',
  'Distance',
  'Encoding',
  'Encryption',
  'Financial',
  'Geo',
  'Geo Polygon',
  'Hash',
  'IP Address',
  'JSON',
  'Logical',
  'Map',
  'Mathematical',
  'Null',
  'NumericIndexedVector',
  'QBit',
  'Random Number',
  'Rounding',
  'String',
  'String Replacement',
  'String Search',
  'String Splitting',
  'Time Series',
  'Time Window',
  'Tuple',
  'Type Conversion',
  'URL',
  'UUID',
]);
/*
 * Not open: AI (calls services of others), Dictionary and Embedded Dictionary (read what the server loaded from files or
 * other databases), Introspection, Machine Learning (models from the server's files), and of Other all but those below: among
 * them are file() and catboostEvaluate() (read files), getServerSetting(), getMacro(), showCertificate(), getClientHTTPHeader(),
 * hostName() and their like (tell of the server), joinGet() (reads a table past the grants) and sleep() (holds a slot).
 */

/** Members of closed families that compute on values alone, and what the parser itself puts into a tree. Lower case. */
const openFunctions = new Set([
  ...['_cast', 'casewithexpression', 'casewithoutexpression', 'exists', 'grouping', 'lambda', 'untuple'],
  ...['bar', 'bytesize', 'countdigits', 'defaultvalueofargumenttype', 'defaultvalueoftypename', 'dumpcolumnstructure'],
  ...['finalizeaggregation', 'formatquery', 'formatquerysingleline', 'formatreadabledecimalsize'],
  ...['formatreadablequantity', 'formatreadablesize', 'formatreadabletimedelta', 'identity', 'ignore', 'indexhint'],
  ...['initializeaggregation', 'isconstant', 'isdecimaloverflow', 'lowcardinalityindices', 'lowcardinalitykeys'],
  ...['materialize', 'minsamplesizecontinuous', 'minsamplesizeconversion', 'neighbor', 'parsereadablesize'],
  ...['parsereadablesizeornull', 'parsereadablesizeorzero', 'parsetimedelta', 'rownumberinallblocks'],
  ...['rownumberinblock', 'runningaccumulate', 'runningdifference', 'runningdifferencestartingwithfirstvalue'],
  ...['throwif', 'tocolumntypename', 'totypename', 'transform', 'variantelement', 'varianttype', 'visiblewidth'],
  // What tools ask a server when they connect; all of it is known to whoever may ask.
  ...['currentdatabase', 'currentuser', 'version'],
]);

/** Table functions that make rows out of their arguments. */
const openTableFunctions = new Set([
  ...['generate_series', 'generateseries', 'numbers', 'numbers_mt', 'sqlstandardvalues', 'values', 'zeros', 'zeros_mt'],
]);

interface CatalogueRow {
  /** In lower case. */
  readonly name: string;
  readonly kind: 'scalar' | 'aggregate' | 'table';
  /** The family, empty for what users of the server defined. */
  readonly family: string;
}

type Catalogue = ReadonlyMap<string, readonly CatalogueRow[]>;

/** Rejects with `query_not_allowed` at the first function that readers may not call, `invalid_query` at one that does not exist. */
export async function checkFunctions(engine: Engine, names: readonly string[]): Promise<void> {
  const unsure = [...new Set(names.map((name) => name.toLowerCase()))].filter(
    (name) => !openFunctions.has(name) && !openTableFunctions.has(name),
  );
  if (unsure.length === 0) return;
  const catalogue = await catalogueOf(engine);
  for (const name of unsure) checkFunction(name, catalogue);
}

/** How long a catalogue is used: it changes only when the server is replaced by another version. */
const catalogueMsMax = 10 * 60_000;

/** Reading the catalogue takes several times as long as parsing a statement, so each engine's is kept while it lives. */
const catalogues = new WeakMap<Engine, { readonly readMs: number; readonly catalogue: Promise<Catalogue> }>();

function catalogueOf(engine: Engine): Promise<Catalogue> {
  const known = catalogues.get(engine);
  if (known !== undefined && performance.now() - known.readMs < catalogueMsMax) return known.catalogue;
  const catalogue = readCatalogue(engine);
  catalogues.set(engine, { readMs: performance.now(), catalogue });
  catalogue.catch(() => catalogues.delete(engine));
  return catalogue;
}

async function readCatalogue(engine: Engine): Promise<Catalogue> {
  const rows = await engine.query<CatalogueRow>({
    sql: `
      SELECT lower(name) AS name, if(is_aggregate, 'aggregate', 'scalar') AS kind, if(origin = 'System', categories, '') AS family
      FROM system.functions
      UNION ALL
      SELECT lower(name), 'table', '' FROM system.table_functions`,
  });
  const catalogue = new Map<string, CatalogueRow[]>();
  for (const row of rows) catalogue.set(row.name, [...(catalogue.get(row.name) ?? []), row]);
  return catalogue;
}

/** Suffixes of aggregate functions, which change how values reach the function and nothing else. */
const combinators =
  /^(?:array|argmax|argmin|distinct|foreach|if|map|merge|mergestate|null|ordefault|ornull|resample|simplestate|state|tuple)+$/;

function checkFunction(name: string, catalogue: Catalogue): void {
  const rows = catalogue.get(name) ?? [];
  // The same name may be a scalar function and a table function: format() is harmless as both, file() as neither.
  const closed = rows.some(({ kind, family }) => kind === 'scalar' && !openFamilies.has(family));
  if (closed) throw refused(`the function ${name}()`);
  if (rows.some(({ kind }) => kind !== 'table')) return;
  if (rows.length > 0) throw refused(`the table function ${name}()`);
  if (!isSuffixedAggregate(name, catalogue))
    throw new BarographError('invalid_query', `There is no function ${name}().`);
}

function isSuffixedAggregate(name: string, catalogue: Catalogue): boolean {
  for (let length = name.length - 1; length > 0; length--) {
    const aggregate = catalogue.get(name.slice(0, length))?.some(({ kind }) => kind === 'aggregate') ?? false;
    if (aggregate && combinators.test(name.slice(length))) return true;
  }
  return false;
}

const refused = (what: string) =>
  new BarographError('query_not_allowed', `Readers may not use ${what}.`, {
    hint: 'Functions that compute on values are open; those that reach files, the network, the server or its dictionaries are not.',
  });
