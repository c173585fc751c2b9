// Runs the command line when it is loaded. The exit code is only set, so that the program ends once nothing is left to do.
import { exitCodes } from './exit-codes.js';
import { runProgram } from './program.js';

/** How long a command that failed may still tidy up. A guess; what started it must see it end. */
const lingerMs = 5_000;

const code = await runProgram(process.argv.slice(2));
process.exitCode = code;
if (code !== exitCodes.success) setTimeout(() => process.exit(), lingerMs).unref();
