/** `barograph import`: files of predictions, ground truth and metrics into a running server. */
import { type Command, Option } from 'commander';
import { refusingBadUse } from './bad-use.js';
import { collect } from './configuration-options.js';
import {
  addList,
  addPair,
  addPairs,
  fileFormats,
  type ImportKind,
  type ImportOptions,
  importKinds,
  parseCount,
  parseDelimiter,
  parseKind,
  parseWhole,
} from './import-options.js';
import type { ImportOutput } from './import-run.js';

/** Adds the command. `output` is the process's own, but in tests. */
export function register(program: Command, output: ImportOutput = process): void {
  program
    .command('import')
    .description('import NDJSON, CSV or Parquet files into a running server')
    .argument('<kind>', importKinds.join(', '), parseKind)
    .argument('<files...>', 'files, .gz and .zst ones too; - is the standard input')
    .option('--url <url>', 'address of the server (where the configuration listens)')
    .option('--config <file>', 'configuration file (./barograph.yaml where it exists)')
    .addOption(new Option('--format <format>', 'format of the files (by their names)').choices(fileFormats))
    .option(
      '--map <field=column>',
      'where a field comes from; again and again, or several with commas',
      addPairs,
      new Map(),
    )
    .option('--set <field=value>', 'one value for all rows; again and again', addPair, new Map())
    .option('--features <columns>', 'columns that are features', addList)
    .option('--features-rest', 'make features of all columns that nothing else names')
    .option('--ignore-rest', 'leave out all columns that nothing else names')
    .option('--labels <columns>', 'metrics: columns that are labels', addList)
    .option('--text <columns>', 'columns that are text, whatever they look like', addList)
    .option(
      '--null <text>',
      'a cell of a CSV file that stands for no value, besides the empty one; again and again',
      collect,
      [],
    )
    .option('--delimiter <character>', 'what parts the cells of a CSV file (a comma; a tab in .tsv)', parseDelimiter)
    .option('--time-column <column>', 'column of the time (ts, time or timestamp)')
    .option('--time-format <format>', 'auto, s, ms, us, ns, or a pattern such as "%d/%m/%Y %H:%M"', 'auto')
    .option('--batch-rows <count>', 'rows of a request', parseCount, 10_000)
    .option('--concurrency <count>', 'requests at a time', parseCount, 4)
    .option('--dry-run', 'read and map everything, show the first rows, send nothing')
    .addOption(new Option('--on-error <what>', 'at a rejected row').choices(['stop', 'continue']).default('continue'))
    .option('--allow-rejected <count>', 'succeed with up to this many rejected rows', parseWhole, 0)
    .action((kind: ImportKind, files: string[], options: ImportOptions, command: Command) =>
      refusingBadUse(command, async () => {
        // Loaded here, so that the other commands start without the readers of files.
        const { runImport } = await import('./import-run.js');
        process.exitCode = await runImport(kind, files, options, output);
      }),
    );
}
