/** The work of `barograph serve`, loaded when the command runs. */
import { lowerV8Threads } from '../../base/thread-priority.js';
import { describeConfiguration, loadConfiguration } from '../configuration-loading.js';
import type { ConfigurationFlags } from '../configuration-settings.js';
import { letHeapGrow } from '../heap-growth.js';
import { exitCodes } from './exit-codes.js';
import { createLog, type Logger } from './log.js';

/** Runs a server until a signal ends it. */
export async function runServer(flags: ConfigurationFlags): Promise<void> {
  letHeapGrow();
  lowerV8Threads();
  const configuration = loadConfiguration({ flags });
  const log = createLog(configuration.log);
  log.debug({ configuration: describeConfiguration(configuration) }, 'configuration');
  const stopRequested = onceSignalled(log);
  // Until there is something to reload: without a listener the signal would end the process.
  process.on('SIGHUP', () => {});
  // A wrong configuration is told before the server's weight is loaded, and the engine's process starts while it is.
  const { startEngine } = await import('../engine.js');
  const engineStart = startEngine(configuration, log);
  // Its failure is for the server to tell, which is not listening yet.
  engineStart.catch(() => {});
  const { serve } = await import('../serve.js');
  const running = await serve(configuration, log, () => loadConfiguration({ flags }), engineStart);
  process.on('SIGHUP', () => running.reload());
  process.stdout.write(`Barograph is ready at ${running.url}\n`);
  await Promise.race([running.done, stopRequested.then(() => running.stop())]);
  await running.done;
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once, without waiting for anything. */
function onceSignalled(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let signalled = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (signalled) process.exit(exitCodes.failure);
      signalled = true;
      log.info({ signal }, 'stopping; a second signal stops at once');
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}
