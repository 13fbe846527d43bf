import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRaw } from '../http/raw.ts';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, runCommand, startGateway, temporaryFile } from '../support/gateway.ts';
import { startServer } from '../support/server.ts';

const root = join(import.meta.dirname, '../..');
const main = join(root, 'dist/cli/main.js');

describe('exit codes: 0 fine, 1 a problem was found, 2 wrong usage', () => {
  it('check tells every problem with its place, and loads what serve would', async () => {
    const sandbox = await openSandbox();
    const config = configOver(sandbox);
    const fine = await runCommand(['check', '--config', temporaryFile(config)], { env: { HEX_TOKEN: 'x' } });
    expect(fine).toMatchObject({ code: 0, stderr: '' });
    const broken = temporaryFile(
      config.replace('claims.org_id', 'claim.org_id').replace('kind: hex', 'kind: hax'),
    );
    const found = await runCommand(['check', '--config', broken]);
    expect(found.code).toBe(1);
    expect(found.stderr).toContain(`${broken}:13:13 sessions[0].tenant: unknown variable "claim"`);
    expect(found.stderr).toContain(`    tenant: claim.org_id\n              ^`);
    expect(found.stderr).toMatch(/providers\.hex\.kind: /);
    expect(found.stderr).toMatch(/providers\.hex\.token: \$\{env:HEX_TOKEN\} is not set/);
  });

  it('check says what a preset fills in, nothing that the operator wrote, and no secret', async () => {
    const sandbox = await openSandbox();
    const sessions = `- preset: supabase
  project: abcdefghijklmnopqrst
  keys: { secret: "\${env:JWT_SECRET}" }
  require: [claims.aal == "aal2"]
  tenant: claims.app_metadata.tenant
- preset: workos
  client: client_01ABC`;
    const file = temporaryFile(configOver(sandbox, { sessions }));
    const env = { HEX_TOKEN: 'x', JWT_SECRET: 'qV7mZr4LwX2tNy9HjKd3Fs6GpUc8BaTe' };
    expect(await runCommand(['check', '--config', file], { env })).toEqual({
      code: 0,
      stderr: '',
      stdout: `${file} is fine: 3 issuers, 1 providers, 3 embeds
sessions[1], filled in by preset: supabase
  issuer: https://abcdefghijklmnopqrst.supabase.co/auth/v1
  audience: authenticated
  tokens:
    - bearer
    - supabase:abcdefghijklmnopqrst
  require:
    - claims.role == "authenticated"
    - claims.all(name, name != "is_anonymous" || claims.is_anonymous == false)
    - claims.all(name, name != "client_id")
sessions[2], filled in by preset: workos
  issuer: https://api.workos.com
  algorithms:
    - RS256
  tenant: claims.org_id
  keys:
    jwks: https://api.workos.com/sso/jwks/client_01ABC
  require:
    - size(claims.sid) > 0
`,
    });
  });

  it('check prints warnings and exits with 0; with --strict they are problems; serve logs each once', async () => {
    const sandbox = await openSandbox();
    const config = configOver(sandbox).replace('listen:\n', 'listen:\n  trustedProxies: ["0.0.0.0/0"]\n');
    const file = temporaryFile(config);
    const env = { HEX_TOKEN: sandbox.hexToken };
    const warning = 'listen.trustedProxies[0]: is wider than any private network';

    const checked = await runCommand(['check', '--config', file], { env });
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining(' is fine: ') as string });
    expect(checked.stderr).toContain('warning: ');
    expect(checked.stderr).toContain(warning);

    const strict = await runCommand(['check', '--strict', '--config', file], { env });
    expect(strict).toMatchObject({ code: 1, stdout: '' });
    expect(strict.stderr).toContain(warning);
    expect(strict.stderr).toContain(`1 problem in ${file}`);

    const gateway = await startGateway(config, env);
    const logged = gateway.lines().filter(({ msg }) => String(msg).includes(warning));
    expect(logged).toMatchObject([{ level: 'warn' }]);
  });

  it('check on a file that is not there is a problem', async () => {
    const { code, stderr } = await runCommand(['check', '--config', 'nowhere.yaml']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('nowhere.yaml:1:1 configuration: no such file') as string,
    });
  });

  it.each([
    [[]],
    [['serv']],
    [['check', '--confg', 'x']],
    [['check', 'x']],
    [['check', '--config']],
    [['sandbox', '--port', 'x']],
    [['sandbox', '--hex-port', '65536']],
    [['sandbox', '--port', '']],
  ])('wrong usage %j is 2', async (args) => {
    const { code, stderr } = await runCommand(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^(error: |Usage: )/);
  });

  it('help is 0, and so is the version, which is the package’s', async () => {
    expect((await runCommand(['--help'])).code).toBe(0);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('a port of the sandbox that is taken is 1, in one line', async () => {
    const port = await startServer(() => undefined);
    const options = ['--port', '--hex-port', '--cube-port', '--metabase-port'];
    for (const taken of options) {
      const ports = options.flatMap((option) => [option, option === taken ? String(port) : '0']);
      expect(await runCommand(['sandbox', ...ports])).toEqual({
        code: 1,
        stdout: '',
        stderr: `port ${port} is taken; choose another with ${taken}\n`,
      });
    }
  });
});

it('the schema beside the default configuration is the one that `schema` prints, and describes every field', async () => {
  const { stdout } = await runCommand(['schema']);
  expect(readFileSync(join(root, 'config/gateway.schema.json'), 'utf8')).toBe(stdout);
  const undescribed: string[] = [];
  const look = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, field] of Object.entries((node as { properties?: object }).properties ?? {})) {
      const { description, const: fixed } = field as { description?: string; const?: unknown };
      if (description === undefined && fixed === undefined) undescribed.push(`${path}.${name}`);
    }
    for (const [key, child] of Object.entries(node)) look(child, `${path}.${key}`);
  };
  look(JSON.parse(stdout), '');
  expect(undescribed).toEqual([]);
});

describe('serve', () => {
  it('writes one JSON object a line, problems at start included, and exits with 1', async () => {
    const sandbox = await openSandbox();
    const { code, stdout, stderr } = await runCommand([
      'serve',
      '--config',
      temporaryFile(configOver(sandbox)),
    ]);
    expect(code).toBe(1);
    expect(stderr).toBe('');
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/gateway\.yaml:18:12 providers\.hex\.token: \$\{env:HEX_TOKEN\} is not set$/),
    ]);
  });

  it('exits with 1 and a log line when its port is taken', async () => {
    const sandbox = await openSandbox();
    const { port } = new URL(sandbox.hostPageUrl);
    const config = configOver(sandbox).replace('port: 0', `port: ${port}`);
    const { code, stdout } = await runCommand(['serve', '--config', temporaryFile(config)], {
      env: { HEX_TOKEN: 'x' },
    });
    expect(code).toBe(1);
    expect(stdout).toContain('EADDRINUSE');
  });

  it('says when it listens: on which configuration, with how many embeds and where limits are counted', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    expect(gateway.lines().find(({ msg }) => msg === 'listening')).toMatchObject({
      config: 'gateway.yaml',
      embeds: 3,
      limits: 'memory',
    });
  });

  it('writes what a library says to the console as JSON lines too', async () => {
    const sandbox = await openSandbox();
    const preload =
      'process.on("SIGUSR2", () => { console.warn("a %s", "word"); console.error("an error\\u202e\\u2028") })';
    const gateway = await startGateway(configOver(sandbox), {
      HEX_TOKEN: sandbox.hexToken,
      NODE_OPTIONS: `--import=${temporaryFile(preload, 'say.mjs')}`,
    });
    gateway.kill('SIGUSR2');
    await expect.poll(gateway.output).toContain('an error');
    expect(gateway.lines().slice(-2)).toMatchObject([
      { level: 'warn', msg: 'a word' },
      { level: 'error', msg: 'an error\u202e\u2028' },
    ]);
    expect(gateway.output()).not.toMatch(/[\u202e\u2028]/);
  });

  it('tells of wrong inputs how many, and the names of declared ones alone', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const token = await sandbox.signSession({});
    await getEmbedUrl(gateway, token, 'embed=sales&topN=0&made-up=1');
    await getEmbedUrl(gateway, token, 'embed=sales&embed=sales');
    await expect
      .poll(() => gateway.lines().filter(({ audit }) => audit === 'refusal'))
      .toMatchObject([{ reason: '2 errors, of these declared: topN' }, { reason: '1 error' }]);
    expect(gateway.output()).not.toContain('made-up');
  });

  it('writes warnings of Node itself as JSON lines too', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), {
      HEX_TOKEN: sandbox.hexToken,
      NODE_OPTIONS: `--import=${temporaryFile('process.on("SIGUSR2", () => process.emitWarning("a test warning"))', 'warn.mjs')}`,
    });
    gateway.kill('SIGUSR2');
    await expect.poll(gateway.output).toContain('a test warning');
    expect(gateway.lines().at(-1)).toMatchObject({ level: 'warn', err: { message: 'a test warning' } });
  });

  it('writes one audit line for each mint and each refusal', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const minted = await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }));
    const { combination } = (await minted.json()) as { combination: { key: string } };
    await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }), 'embed=secretive');
    await getEmbedUrl(gateway, 'garbage');
    await expect.poll(() => gateway.lines().filter(({ audit }) => audit !== undefined).length).toBe(3);
    const [mint, denied, stranger] = gateway.lines().filter(({ audit }) => audit !== undefined);
    expect(mint).toEqual({
      level: 'info',
      time: expect.stringMatching(/Z$/) as string,
      audit: 'mint',
      code: 'minted',
      embed: 'sales',
      provider: 'hex',
      issuer: sandbox.issuer,
      tenant: 'acme',
      user: 'ada',
      combination: combination.key,
      requestId: minted.headers.get('x-request-id'),
      durationMs: expect.any(Number) as number,
    });
    expect(denied).toMatchObject({
      audit: 'refusal',
      code: 'embed_denied',
      embed: 'secretive',
      tenant: 'acme',
      reason: 'allow is not true',
    });
    expect(stranger).toMatchObject({ audit: 'refusal', code: 'session_invalid' });
    expect(stranger).not.toHaveProperty('tenant');
    expect(stranger).not.toHaveProperty('issuer');
  });

  it('says why a session was not believed, by which entry, and nothing of the token', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const token = await sandbox.signSession({ sub: 'ada' });
    await fetch(`${gateway.url}/embeds`);
    await getEmbedUrl(gateway, `${token.slice(0, -8)}AAAAAAAA`);
    await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada', aud: 'billing' }));
    await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada', org_id: null }));
    const told = (): readonly unknown[] => gateway.lines().filter(({ audit }) => audit === 'refusal');
    await expect.poll(told).toHaveLength(4);
    const { issuer } = sandbox;
    expect(told()).toMatchObject([
      { code: 'session_missing', reason: 'looked in: bearer, cookie:session' },
      { code: 'session_invalid', issuer, reason: 'the signature is wrong' },
      { code: 'session_invalid', issuer, reason: 'aud is not the configured audience' },
      { code: 'session_invalid', issuer, reason: 'tenant is blank, no text or no plain text' },
    ]);
  });

  it('marks in the audit line that somebody else acted as the user, never who', async () => {
    const sandbox = await openSandbox();
    const config = configOver(sandbox).replace('audience:', 'impersonation: true\n    audience:');
    const gateway = await startGateway(config, { HEX_TOKEN: sandbox.hexToken });
    const token = await sandbox.signSession({ sub: 'ada', act: { sub: 'grace-of-support' } });
    expect((await getEmbedUrl(gateway, token)).status).toBe(200);
    await expect
      .poll(() => gateway.lines().find(({ audit }) => audit === 'mint'))
      .toMatchObject({ user: 'ada', impersonated: true });
    expect(gateway.output()).not.toContain('grace');
  });

  it('finishes what is in flight when it is told to stop, and takes nothing new', async () => {
    const sandbox = await openSandbox();
    const slow = await slowProxy(sandbox.hexBaseUrl, 700);
    const gateway = await startGateway(configOver(sandbox, { hexBaseUrl: slow }), {
      HEX_TOKEN: sandbox.hexToken,
    });
    // as a browser opens them in advance
    const silent = await openRaw(gateway.url);
    onTestFinished(() => {
      silent.destroy();
    });
    const inFlight = getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }));
    await after(200);
    const stoppingAt = performance.now();
    const stopped = gateway.stop();
    await after(100);
    await expect(fetch(`${gateway.url}/embeds`)).rejects.toThrow();
    expect((await inFlight).status).toBe(200);
    expect(await stopped).toBe(0);
    expect(performance.now() - stoppingAt).toBeLessThan(5000);
    expect(gateway.lines().at(-1)).toMatchObject({ msg: 'stopped' });
  });
});

/** Hands a request on to a provider after a while. @returns the base URL to use in its place */
async function slowProxy(target: string, delayMs: number): Promise<string> {
  const port = await startServer((request, body, response) => {
    void after(delayMs)
      .then(() =>
        fetch(new URL(request.url ?? '/', target), {
          method: 'POST',
          headers: {
            authorization: request.headers.authorization ?? '',
            'content-type': 'application/json',
          },
          body,
        }),
      )
      .then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
  });
  return `http://localhost:${port}/api/v1`;
}

it('the sandbox alone says where things are, its own token too but not one it was given', async () => {
  const say = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const ports = ['--port', '--hex-port', '--cube-port', '--metabase-port'].flatMap((name) => [name, '0']);
    const child = spawn(process.execPath, [main, 'sandbox', ...ports], {
      env: { PATH: process.env.PATH, ...env },
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await expect.poll(() => text, { timeout: 10_000 }).toContain('sign in.');
    child.kill('SIGTERM');
    await once(child, 'close');
    return text.split('\n').slice(0, 10);
  };
  const own = await say({});
  expect(own).toEqual([
    expect.stringMatching(/^Host page: {9}http:\/\/localhost:\d+$/),
    expect.stringMatching(/^Issuer: {12}http:\/\/localhost:\d+$/),
    expect.stringMatching(/^JWKS: {14}http:\/\/localhost:\d+\/\.well-known\/jwks\.json$/),
    expect.stringMatching(/^Hex base URL: {6}http:\/\/localhost:\d+\/api\/v1$/),
    expect.stringMatching(/^Hex token: {9}hxtw_[0-9a-f]{96}$/),
    expect.stringMatching(/^Cube base URL: {5}http:\/\/localhost:\d+$/),
    expect.stringMatching(/^Cube API key: {6}[0-9a-f]{64}$/),
    expect.stringMatching(/^Metabase site URL: http:\/\/localhost:\d+$/),
    expect.stringMatching(/^Metabase secret: {3}[0-9a-f]{64}$/),
    expect.stringMatching(/^Open http:\/\/localhost:\d+ in a browser and sign in\.$/),
  ]);
  const given = await say({ HEX_TOKEN: 'given', CUBE_API_KEY: 'given', METABASE_SECRET_KEY: 'given' });
  expect(given.join('\n')).not.toContain('given');
  expect([given[4], given[6], given[8]]).toEqual([
    'Hex token:         the value of HEX_TOKEN',
    'Cube API key:      the value of CUBE_API_KEY',
    'Metabase secret:   the value of METABASE_SECRET_KEY',
  ]);
});
