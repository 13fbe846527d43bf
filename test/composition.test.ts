import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { sandboxService } from './support/composition.ts';
import { freePort } from './support/free-port.ts';
import { embeddedIn, signIn } from './support/host-page.ts';
import { root } from './support/readme.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const main = join(root, 'dist/cli/main.js');
const panels = ['sales', 'pipeline', 'churn'];

/** The composition has a network of its own; here each of its ports is a free one instead. */
async function freePorts(): Promise<(text: string) => string> {
  const free = new Map<string, number>();
  for (const port of ['4000', '4010', '4020', '4030', '6379', '8080', '9090']) {
    free.set(port, await freePort());
  }
  return (text) =>
    text
      .replace('@redis:6379', '@127.0.0.1:6379')
      .replace(/\b\d{4}\b/g, (port) => String(free.get(port) ?? port));
}

interface Running {
  readonly output: () => string;
  readonly stop: () => Promise<number | null>;
}

function run(command: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Running {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, env: { PATH: process.env.PATH, ...env } });
  const ended = once(child, 'close');
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await ended;
    return child.exitCode;
  };
  onTestFinished(async () => {
    await stop();
  });
  return { output: () => output, stop };
}

it(
  'the composition’s sandbox shows the three products side by side, with its limits in a real Redis',
  { timeout: 120_000 },
  async () => {
    const moved = await freePorts();
    const config = readFileSync(join(root, 'config/demo.yaml'), 'utf8');
    const folder = temporaryFolder({ 'config/demo.yaml': moved(config) });
    /** As the image's entry point and the service's own command and environment start it. */
    const start = (name: string, ...more: readonly string[]): Running => {
      const { command, environment } = sandboxService(name);
      const env = Object.fromEntries(Object.entries(environment).map(([key, text]) => [key, moved(text)]));
      return run([process.execPath, main, ...command, ...more], env, folder);
    };

    const redis = sandboxService('redis');
    const [shell = '', option = '', script = ''] = redis.command;
    run([shell, option, `${script} --bind 127.0.0.1 --port ${moved('6379')}`], redis.environment, folder);
    const [, redisCli = '', ...ping] = redis.healthcheck?.test ?? [];
    const askRedis = (...args: readonly string[]): string =>
      execFileSync(redisCli, ['-p', moved('6379'), ...args], {
        env: { PATH: process.env.PATH, ...redis.environment },
        encoding: 'utf8',
      }).trim();
    await expect.poll(() => askRedis(...ping), { timeout: 20_000 }).toBe('PONG');

    // first, since the sandbox is on its network: it has to find the issuer's keys later
    const gateway = start('gateway');
    await expect.poll(() => gateway.output(), { timeout: 20_000 }).toContain('"msg":"listening"');
    const options = [
      '--port',
      '4000',
      '--hex-port',
      '4010',
      '--cube-port',
      '4020',
      '--metabase-port',
      '4030',
    ];
    const sandbox = start('sandbox', ...[...options, '--gateway-url', 'http://localhost:8080'].map(moved));
    const address = moved('http://localhost:4000');
    await expect.poll(() => sandbox.output(), { timeout: 20_000 }).toContain(`Open ${address} in a browser`);

    const ready = async (): Promise<unknown> =>
      (await fetch(moved('http://127.0.0.1:9090/readyz'))).json().catch(() => undefined);
    await expect
      .poll(ready, { timeout: 60_000 })
      .toMatchObject({ status: 'ready', dependencies: { redis: { up: true } } });

    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    for (const [person, org] of [
      ['ada', 'acme'],
      ['grace', 'globex'],
    ] as const) {
      const page = await (await browser.newContext()).newPage();
      await page.goto(address);
      await signIn(page, person);
      const shown = await embeddedIn(page, /side by side/i, panels);
      expect(shown.map((one) => one.org)).toEqual(panels.map(() => org));
      const others = person === 'ada' ? 'globex' : 'acme';
      expect(JSON.stringify(shown)).not.toContain(others);
    }
    expect(Number(askRedis('dbsize'))).toBeGreaterThan(0);
    expect(await gateway.stop()).toBe(0);
    expect(await sandbox.stop()).toBe(0);
  },
);
