import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { serverPath } from './on-path.ts';

/**
 * Runs a program of the machine until the test ends, once it listens on a loopback port.
 *
 * @returns what it wrote so far, to either output
 */
export async function startProgram(
  name: string,
  args: readonly string[],
  port: number,
): Promise<() => string> {
  const path = serverPath(name);
  if (path === undefined) throw new Error(`${name} is not on this machine`);
  const child = spawn(path, args);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await closed;
  });
  await expect.poll(() => isListening(port), { timeout: 15_000, message: name }).toBe(true);
  return () => output;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
