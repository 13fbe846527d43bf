import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface RunningRedis {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server at once, as a crash would (SIGKILL) or with the signal given, and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the server and removes its folder; for afterAll. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  readonly password?: string;
  readonly port?: number;
  /** Further arguments of redis-server. */
  readonly args?: readonly string[];
  /** The text of a configuration file that the server may rewrite, as a sentinel does. */
  readonly config?: string;
}

/** Starts a real redis-server on a loopback port that keeps nothing on disk; resolves when it answers PING. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RunningRedis> {
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'embed-gateway-redis-'));
  const file = join(folder, 'redis.conf');
  await writeFile(file, options.config ?? '');
  const args = [file, ...serverArgs(port, folder, options.password), ...(options.args ?? [])];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  const failed = once(server, 'exit').then(() => {
    throw new Error(`redis-server ended before it answered on port ${port}`);
  });
  failed.catch(() => undefined);
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => end(server, signal);
  const stop = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([failed, untilAnswers(port, options.password)]);
  } catch (cause) {
    await stop();
    throw cause;
  }
  const userInfo = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  return { url: `redis://${userInfo}127.0.0.1:${port}`, port, pid: server.pid ?? 0, kill, stop };
}

function serverArgs(port: number, folder: string, password: string | undefined): readonly string[] {
  const listen = ['--port', String(port), '--bind', '127.0.0.1'];
  const forgetful = ['--save', '', '--appendonly', 'no', '--dir', folder];
  return [...listen, ...forgetful, ...(password === undefined ? [] : ['--requirepass', password])];
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill(signal);
  await ended;
}

async function untilAnswers(port: number, password: string | undefined): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await answersPing(port, password))) {
    if (Date.now() > deadline) throw new Error(`redis-server does not answer on port ${port}`);
    await wait(20);
  }
}

function answersPing(port: number, password: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let answer = '';
    socket.setEncoding('utf8').setTimeout(1_000, () => socket.destroy());
    socket.on('connect', () => {
      if (password !== undefined) socket.write(command('AUTH', password));
      socket.write(command('PING'));
    });
    socket.on('data', (part: string) => {
      answer += part;
      if (answer.includes('+PONG')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(answer.includes('+PONG'));
    });
  });
}

/** One command in Redis's wire form, which holds any password. */
function command(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
