import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import type { Certified } from './certificates.ts';
import { freePort } from './free-port.ts';

export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Runs one command as the user who may do everything. */
  ask(...command: readonly [string, ...string[]]): Promise<unknown>;
  /** Ends the server at once, as a crash would (SIGKILL) or with the signal given, and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the server and removes its folder; for afterAll. */
  stop(): Promise<void>;
}

export interface ServerTls extends Certified {
  /** In PEM form. */
  readonly authority: string;
}

export interface RedisServerOptions {
  readonly password?: string;
  readonly port?: number;
  /** TLS alone, with this certificate and that of its authority. */
  readonly tls?: ServerTls;
  /** Further arguments of redis-server. */
  readonly args?: readonly string[];
  /** The text of a configuration file that the server may rewrite, as a sentinel does. */
  readonly config?: string;
}

type Access = Pick<RedisOptions, 'port' | 'password' | 'tls'>;

/** Starts a real redis-server on a loopback port that keeps nothing on disk; resolves when it answers. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RunningRedis> {
  const { password, tls } = options;
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'embed-gateway-redis-'));
  const file = join(folder, 'redis.conf');
  await writeFile(file, options.config ?? '');
  await writeFile(join(folder, 'ca.pem'), tls?.authority ?? '');
  await writeFile(join(folder, 'certificate.pem'), tls?.certificate ?? '');
  await writeFile(join(folder, 'key.pem'), tls?.privateKey ?? '');
  const args = [file, ...serverArgs(port, folder, options), ...(options.args ?? [])];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => end(server, signal);
  const stop = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  const access: Access = {
    port,
    ...(password !== undefined && { password }),
    ...(tls && { tls: { ca: tls.authority, checkServerIdentity: () => undefined } }),
  };
  try {
    await untilAnswers(server, access);
  } catch (cause) {
    await stop();
    throw cause;
  }
  const userInfo = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  return {
    url: `${tls ? 'rediss' : 'redis'}://${userInfo}127.0.0.1:${port}`,
    port,
    pid: server.pid ?? 0,
    ask: (...command) => ask(access, command),
    kill,
    stop,
  };
}

function serverArgs(port: number, folder: string, { password, tls }: RedisServerOptions): readonly string[] {
  const file = (name: string): string => join(folder, name);
  const listen = tls
    ? [
        ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
        ...['--tls-cert-file', file('certificate.pem'), '--tls-key-file', file('key.pem')],
        ...['--tls-ca-cert-file', file('ca.pem')],
      ]
    : ['--port', String(port)];
  const forgetful = ['--save', '', '--appendonly', 'no', '--dir', folder];
  const secrecy = password === undefined ? [] : ['--requirepass', password];
  return [...listen, '--bind', '127.0.0.1', ...forgetful, ...secrecy];
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill(signal);
  await ended;
}

async function untilAnswers(server: ChildProcess, access: Access): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask(access, ['PING']).catch(() => undefined);
    if (answer === 'PONG') return;
    if (server.exitCode !== null) throw new Error('redis-server ended before it answered');
    if (Date.now() > deadline) throw new Error('redis-server does not answer');
    await wait(20);
  }
}

/** One command on a connection of its own. */
async function ask(access: Access, [name, ...args]: readonly [string, ...string[]]): Promise<unknown> {
  const client = new Redis({
    ...access,
    host: '127.0.0.1',
    commandTimeout: 1000,
    retryStrategy: () => null,
    enableReadyCheck: false,
    protocol: 2,
  });
  client.on('error', () => undefined);
  try {
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}
