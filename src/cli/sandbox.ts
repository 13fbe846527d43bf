import { InvalidArgumentError } from 'commander';
import { createLog } from '../operations/log.ts';
import { startSandbox } from '../sandbox/sandbox.ts';
import { configOf, start, stopOnSignal } from './serve.ts';

/** The command's options, as text. */
export interface SandboxCommand {
  readonly gateway?: string;
  readonly gatewayUrl: string;
  readonly host: string;
  readonly port: string;
  readonly hexPort: string;
}

/**
 * Runs the sandbox, and with `--gateway FILE` a gateway beside it that finds the sandbox's token under
 * `${env:HEX_TOKEN}`. Without it, HEX_TOKEN is the token that the stand-in for Hex accepts.
 */
export async function sandbox(options: SandboxCommand): Promise<void> {
  const log = createLog();
  const { HEX_TOKEN: hexToken } = process.env;
  const running = await startSandbox({
    host: options.host,
    hostPagePort: portOf(options.port),
    hexPort: portOf(options.hexPort),
    gatewayUrl: options.gatewayUrl,
    ...(hexToken !== undefined && { hexToken }),
  });
  const config =
    options.gateway === undefined
      ? undefined
      : configOf(options.gateway, { ...process.env, HEX_TOKEN: running.hexToken }, log);
  const gateway = config && (await start(config, log));
  if (process.exitCode === 1) {
    await running.close();
    return;
  }
  process.stdout.write(`Open ${running.hostPageUrl} in a browser and sign in.\n`);
  stopOnSignal(log, async () => {
    await gateway?.stop();
    await running.close();
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('must be a port from 0 to 65535');
}
