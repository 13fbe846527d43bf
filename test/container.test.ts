import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { stopMsMax } from '../src/cli/times.ts';
import { readConfig } from '../src/config/load.ts';
import { composeText, sandboxEnvironment, sandboxService, services } from './support/composition.ts';
import { startGateway } from './support/gateway.ts';
import { root } from './support/readme.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const dockerfile = read('Dockerfile');
const instructions = dockerfile.replaceAll('\\\n', ' ').split('\n');

it('every COPY source and the command’s file exist after a build, and are let through by .dockerignore', () => {
  const copied = instructions
    .filter((line) => line.startsWith('COPY '))
    .map((line) => line.split(/\s+/).slice(1, -1));
  expect(copied.length).toBeGreaterThan(5);
  const ignore = read('.dockerignore').split('\n');
  for (const sources of copied) {
    const fromStage = sources[0]?.startsWith('--from=') === true;
    for (const source of fromStage ? sources.slice(1) : sources) {
      const file = source.replace(/^\/app\//, '');
      expect(existsSync(join(root, file)), source).toBe(true);
      if (!fromStage) expect(ignore, source).toContain(`!${file}`);
    }
  }
  const [, entry = ''] = /^ENTRYPOINT \["node", "(.*)"\]$/m.exec(dockerfile) ?? [];
  expect(existsSync(join(root, entry)), entry).toBe(true);
  const [, config = ''] = /^CMD \["serve", "--config", "(.*)"\]$/m.exec(dockerfile) ?? [];
  expect(existsSync(join(root, config)), config).toBe(true);
});

it('the image runs as another user than root, on Node 24, without development dependencies', () => {
  expect(instructions.filter((line) => line.startsWith('FROM ')).at(-1)).toBe('FROM node:24-slim');
  expect(instructions.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
  expect(dockerfile).toMatch(/npm ci --omit=dev/);
  expect(dockerfile).toMatch(/^HEALTHCHECK /m);
});

/** The variables that a configuration asks for. */
function variablesOf(file: string): readonly string[] {
  const text = read(file).replaceAll(/^#.*$/gm, '');
  return [...text.matchAll(/\$\{env:([A-Z_]+)\}/g)].map(([, name = '']) => name);
}

const configurations = ['config/gateway.yaml', 'config/demo.yaml'] as const;

it('every variable that the composition or a configuration asks for is given, and none in vain', () => {
  const sandboxEnv = sandboxEnvironment();
  const asked = [...composeText.matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
  expect([...new Set(asked)].toSorted()).toEqual(Object.keys(sandboxEnv).toSorted());
  const used = new Set(configurations.flatMap(variablesOf));
  expect([...used].toSorted()).toEqual(Object.keys(services.gateway?.environment ?? {}).toSorted());
});

it.each(configurations)('the image and the composition publish the ports of %s', (file) => {
  const { environment, ports, stop_grace_period: grace } = sandboxService('gateway');
  const loaded = readConfig(file, read(file), environment);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const { listen, operations } = loaded.config;
  expect(dockerfile).toContain(`EXPOSE ${listen.port} ${operations.port}`);
  expect(dockerfile).toContain(`http://127.0.0.1:${operations.port}/livez`);
  const ofSandbox = [4000, 4010, 4020, 4030];
  expect(ports).toEqual([
    `${listen.port}:${listen.port}`,
    ...[operations.port, ...ofSandbox].map((port) => `127.0.0.1:${port}:${port}`),
  ]);
  expect([listen.host, operations.host]).toEqual(['0.0.0.0', '0.0.0.0']);
  expect(loaded.config.redis).toBeDefined();
  const graceSeconds = Number(grace?.replace(/s$/, ''));
  expect(graceSeconds * 1000).toBeGreaterThan(stopMsMax(loaded.config));
});

it('all services have a read-only file system; the sandbox runs only when asked for; Redis needs a password', () => {
  expect(Object.values(services).map(({ read_only: readOnly }) => readOnly)).toEqual([true, true, true]);
  expect(services.sandbox?.profiles).toEqual(['sandbox']);
  expect(services.redis?.command.join(' ')).toContain('--requirepass');
});

it('`npm ci --omit=dev` in a clean folder is enough to serve', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'embed-gateway-image-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  for (const source of ['package.json', 'package-lock.json', '.npmrc', 'dist', 'config']) {
    cpSync(join(root, source), join(folder, source), { recursive: true });
  }
  execFileSync('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'pipe' });
  const config = read('config/gateway.yaml')
    .replace('port: 8080', 'port: 0')
    .replace('port: 9090', 'port: 0');
  const env = { ...sandboxEnvironment(), REDIS_URL: 'redis://:wrong@127.0.0.1:1' };
  const gateway = await startGateway(config, env, join(folder, 'dist/cli/main.js'));
  const { port } = new URL(gateway.operationsUrl);
  expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  expect(await gateway.stop()).toBe(0);
});
