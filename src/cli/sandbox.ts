import { createLog } from '../operations/log.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../sandbox/sandbox.ts';
import { configOf, start, stopOnSignal } from './serve.ts';
import { stopMsMax } from './times.ts';

export interface SandboxCommand {
  readonly gateway?: string;
  readonly gatewayUrl: string;
  readonly host: string;
  readonly port: number;
  readonly hexPort: number;
}

/** A stop of the stand-ins alone, which answer at once. */
const stopSandboxMsMax = 5000;

/**
 * Runs the sandbox, and with `--gateway FILE` a gateway beside it that finds the sandbox's token under
 * `${env:HEX_TOKEN}`. Without it, HEX_TOKEN is the token that the stand-in for Hex accepts.
 */
export async function sandbox(options: SandboxCommand): Promise<void> {
  const log = createLog();
  const { HEX_TOKEN: hexToken } = process.env;
  const running = await startOrTell({
    host: options.host,
    hostPagePort: options.port,
    hexPort: options.hexPort,
    gatewayUrl: options.gatewayUrl,
    ...(hexToken !== undefined && { hexToken }),
  });
  if (!running) return;
  const file = options.gateway;
  const config =
    file === undefined ? undefined : configOf(file, { ...process.env, HEX_TOKEN: running.hexToken }, log);
  const gateway = config && (await start(config, file ?? '', log));
  if (process.exitCode === 1) {
    await running.close();
    return;
  }
  if (!gateway) tellWhereThingsAre(running, hexToken === undefined);
  process.stdout.write(`Open ${running.hostPageUrl} in a browser and sign in.\n`);
  const stop = async (): Promise<void> => {
    if (gateway) await gateway.stop();
    await running.close();
  };
  stopOnSignal(log, stop, config ? stopMsMax(config) : stopSandboxMsMax);
}

/** For whoever points a gateway of their own at the stand-ins. */
function tellWhereThingsAre(running: Sandbox, isOwnToken: boolean): void {
  // a token of the sandbox's own making opens nothing but the sandbox
  const token = isOwnToken ? running.hexToken : 'the value of HEX_TOKEN';
  const lines = [
    ['Host page', running.hostPageUrl],
    ['Issuer', running.issuer],
    ['JWKS', running.jwksUrl],
    ['Hex base URL', running.hexBaseUrl],
    ['Hex token', token],
  ];
  for (const [what = '', where = ''] of lines) process.stdout.write(`${`${what}:`.padEnd(14)}${where}\n`);
}

async function startOrTell(options: SandboxOptions): Promise<Sandbox | undefined> {
  try {
    return await startSandbox(options);
  } catch (error) {
    const port = takenPort(error);
    if (port === undefined) throw error;
    const option = port === options.hexPort ? '--hex-port' : '--port';
    process.stderr.write(`port ${port} is taken; choose another with ${option}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

function takenPort(error: unknown): number | undefined {
  if (!(error instanceof Error && 'code' in error && 'port' in error)) return undefined;
  return error.code === 'EADDRINUSE' && typeof error.port === 'number' ? error.port : undefined;
}
