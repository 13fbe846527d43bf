import { basename } from 'node:path';
import type { Logger } from 'pino';
import { loadConfig } from '../config/load.ts';
import { headline } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../config/substitute.ts';
import { createLog } from '../operations/log.ts';
import { compose, type Gateway } from './compose.ts';
import { stopMsMax } from './times.ts';

/** Runs the gateway until SIGTERM or SIGINT. Every line it writes is one JSON object. */
export async function serve({ config: file }: { config: string }): Promise<void> {
  const log = createLog();
  const config = configOf(file, process.env, log);
  if (!config) return;
  const gateway = await start(config, file, log);
  if (gateway) stopOnSignal(log, () => gateway.stop(), stopMsMax(config));
}

/** Loads a configuration. Warnings become log lines; problems too, and exit code 1. */
export function configOf(file: string, environment: Environment, log: Logger): Config | undefined {
  const loaded = loadConfig(file, environment);
  if (loaded.ok) {
    for (const warning of loaded.warnings) log.warn({ source: warning.source }, headline(warning));
    return loaded.config;
  }
  for (const problem of loaded.problems) log.fatal({ source: problem.source }, headline(problem));
  process.exitCode = 1;
  return undefined;
}

/** Composes and listens; a failure becomes a log line and exit code 1. */
export async function start(config: Config, file: string, log: Logger): Promise<Gateway | undefined> {
  const gateway = await compose(config, log);
  try {
    const addresses = await gateway.listen();
    const limits = config.redis ? 'redis' : 'memory';
    log.info({ ...addresses, config: basename(file), embeds: config.embeds.size, limits }, 'listening');
    return gateway;
  } catch (error) {
    log.fatal({ err: error }, 'cannot listen');
    process.exitCode = 1;
    await gateway.stop();
    return undefined;
  }
}

/** The first signal stops gracefully, within the time given; a second one at once. */
export function stopOnSignal(log: Logger, stop: () => Promise<void>, withinMs: number): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping: finishing what is in flight');
    setTimeout(() => {
      log.error('stopped before everything in flight was finished');
      process.exit(1);
    }, withinMs).unref();
    stop().then(
      () => {
        log.info('stopped');
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exitCode = 1;
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
