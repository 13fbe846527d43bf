import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../config/substitute.ts';
import { createLog } from '../operations/log.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../sandbox/sandbox.ts';
import { configOf, start, stopOnSignal } from './serve.ts';
import { stopMsMax } from './times.ts';

export interface SandboxCommand {
  readonly gateway?: string;
  readonly memory?: true;
  readonly gatewayUrl: string;
  readonly host: string;
  readonly port: number;
  readonly hexPort: number;
  readonly cubePort: number;
  readonly metabasePort: number;
}

/** A stop of the stand-ins alone, which answer at once. */
const stopSandboxMsMax = 5000;

/** The secrets that the stand-ins take, by the variable that holds each. */
const variables = {
  hexToken: 'HEX_TOKEN',
  cubeApiKey: 'CUBE_API_KEY',
  metabaseSecretKey: 'METABASE_SECRET_KEY',
} as const;

const secretNames = ['hexToken', 'cubeApiKey', 'metabaseSecretKey'] as const;

/**
 * Runs the sandbox, and with `--gateway FILE` a gateway beside it that finds the sandbox's secrets under
 * `${env:HEX_TOKEN}`, `${env:CUBE_API_KEY}` and `${env:METABASE_SECRET_KEY}`, and under `${env:LISTEN_HOST}` where the
 * sandbox listens. Variables that are set are the secrets that the stand-ins take.
 */
export async function sandbox(options: SandboxCommand): Promise<void> {
  const log = createLog();
  const given = secretNames.filter((name) => process.env[variables[name]] !== undefined);
  const running = await startOrTell({
    host: options.host,
    hostPagePort: options.port,
    hexPort: options.hexPort,
    cubePort: options.cubePort,
    metabasePort: options.metabasePort,
    gatewayUrl: options.gatewayUrl,
    ...Object.fromEntries(given.map((name) => [name, process.env[variables[name]]])),
  });
  if (!running) return;
  const file = options.gateway;
  const secrets = Object.fromEntries(secretNames.map((name) => [variables[name], running[name]]));
  const found = { LISTEN_HOST: options.host, ...process.env, ...secrets };
  const config = file === undefined ? undefined : gatewayConfig(file, found, log, options);
  const gateway = config && (await start(config, file ?? '', log));
  if (process.exitCode === 1) {
    await running.close();
    return;
  }
  if (!gateway) tellWhereThingsAre(running, given);
  process.stdout.write(`Open ${running.hostPageUrl} in a browser and sign in.\n`);
  const stop = async (): Promise<void> => {
    if (gateway) await gateway.stop();
    await running.close();
  };
  stopOnSignal(log, stop, config ? stopMsMax(config) : stopSandboxMsMax);
}

/** Without its Redis when limits stay in memory: then the variable of its address need not be set. */
function gatewayConfig(
  file: string,
  found: Environment,
  log: Logger,
  { memory }: SandboxCommand,
): Config | undefined {
  if (memory === undefined) return configOf(file, found, log);
  const config = configOf(file, { ...found, REDIS_URL: 'redis://left-out' }, log);
  return config && { ...config, redis: undefined };
}

/** For whoever points a gateway of their own at the stand-ins. */
function tellWhereThingsAre(running: Sandbox, given: readonly (keyof typeof variables)[]): void {
  // a secret of the sandbox's own making opens nothing but the sandbox
  const secret = (name: keyof typeof variables): string =>
    given.includes(name) ? `the value of ${variables[name]}` : running[name];
  const lines = [
    ['Host page', running.hostPageUrl],
    ['Issuer', running.issuer],
    ['JWKS', running.jwksUrl],
    ['Hex base URL', running.hexBaseUrl],
    ['Hex token', secret('hexToken')],
    ['Cube base URL', running.cubeBaseUrl],
    ['Cube API key', secret('cubeApiKey')],
    ['Metabase site URL', running.metabaseSiteUrl],
    ['Metabase secret', secret('metabaseSecretKey')],
  ];
  for (const [what = '', where = ''] of lines) process.stdout.write(`${`${what}:`.padEnd(19)}${where}\n`);
}

async function startOrTell(options: SandboxOptions): Promise<Sandbox | undefined> {
  try {
    return await startSandbox(options);
  } catch (error) {
    const port = takenPort(error);
    if (port === undefined) throw error;
    const option = optionOf(port, options);
    process.stderr.write(`port ${port} is taken; choose another with ${option}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

function optionOf(port: number, { hexPort, cubePort, metabasePort }: SandboxOptions): string {
  if (port === hexPort) return '--hex-port';
  if (port === cubePort) return '--cube-port';
  return port === metabasePort ? '--metabase-port' : '--port';
}

function takenPort(error: unknown): number | undefined {
  if (!(error instanceof Error && 'code' in error && 'port' in error)) return undefined;
  return error.code === 'EADDRINUSE' && typeof error.port === 'number' ? error.port : undefined;
}
