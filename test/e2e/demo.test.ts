import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { launchBrowser } from '../support/browser.ts';
import { embedded, embeddedIn, signIn } from '../support/host-page.ts';
import { readmeCommands, root } from '../support/readme.ts';
import { startServer } from '../support/server.ts';

const commands = readmeCommands();
const demoCommand = 'npm ci && npm run demo';

let folder = '';
let demo: ChildProcess;
let output = '';
let address = '';
let browser: Browser;

/** A copy of what a clone would hold: no node_modules, nothing built. */
function cloneInto(target: string): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    mkdirSync(join(target, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'embed-gateway-demo-'));
  cloneInto(folder);
  expect(commands).toContain(demoCommand);
  demo = spawn('bash', ['-c', demoCommand], { cwd: folder, detached: true });
  address = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const [, url] = /^Open (http:\S+) in a browser/m.exec(output) ?? [];
      if (url !== undefined) resolve(url);
    };
    demo.stdout?.on('data', read);
    demo.stderr?.on('data', read);
    demo.on('exit', () => {
      reject(new Error(`the demo ended:\n${output}`));
    });
  });
  browser = await launchBrowser();
}, 180_000);

afterAll(async () => {
  await browser.close();
  if (demo.exitCode === null && demo.pid !== undefined) {
    process.kill(-demo.pid, 'SIGINT');
    await once(demo, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

async function openPage(): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(address);
  return page;
}

/** A tab that somebody signed in opens at once, which spends nothing of Hex's 20 calls a minute on another one. */
async function openTab(person: string, path: string): Promise<Page> {
  const page = await openPage();
  await page.context().request.post(`${address}/sign-in`, { form: { person }, maxRedirects: 0 });
  await page.goto(`${address}${path}`);
  return page;
}

describe('the demo, from a fresh clone, in a real browser', () => {
  it('shows each person their own rows: after sign-in, after a reload, and others to another tenant', async () => {
    const page = await openPage();
    await signIn(page, 'ada');
    const ada = await embedded(page);
    expect(ada.org).toBe('acme');
    expect(ada.rows.length).toBeGreaterThan(2);
    await page.reload();
    expect(await embedded(page)).toEqual(ada);

    await page.getByRole('button', { name: /sign out/i }).click();
    await signIn(page, 'grace');
    const grace = await embedded(page);
    expect(grace.org).toBe('globex');
    expect(grace.rows.filter((row) => ada.rows.includes(row))).toEqual([]);
  });

  it('keeps its limits in memory', () => {
    expect(output).toContain('"limits":"memory"');
  });

  it('shows a viewer fewer regions, and tells a person without a tenant why there is nothing', async () => {
    const viewer = await openPage();
    await signIn(viewer, 'ben');
    const { rows } = await embedded(viewer);
    expect(rows.every((row) => row.includes('EU'))).toBe(true);

    const stranger = await openPage();
    await signIn(stranger, 'noa');
    await expect.poll(() => stranger.getByTestId('problem').innerText()).toContain('session_invalid');
    await expect.poll(() => output).toContain('tenant is blank, no text or no plain text');
  });

  it('shows the three products side by side, each with the rows of who signed in and of nobody else', async () => {
    const panels = ['sales', 'pipeline', 'churn'];
    const rowsOf = async (person: string, org: string): Promise<readonly (readonly string[])[]> => {
      const page = await openPage();
      await signIn(page, person);
      const shown = await embeddedIn(page, /side by side/i, panels);
      expect(shown.map((one) => one.org)).toEqual(panels.map(() => org));
      return shown.map(({ rows }) => rows);
    };
    const ada = await rowsOf('ada', 'acme');
    const grace = await rowsOf('grace', 'globex');
    expect(ada.flat().filter((row) => grace.flat().includes(row))).toEqual([]);
    // what an admin has seen stays with the admin: Ben is of the same tenant
    const ben = await rowsOf('ben', 'acme');
    expect(ben.flat().filter((row) => !row.includes('EU'))).toEqual([]);
    expect([ada[1], ben[1]].map((rows) => rows?.join().includes('$'))).toEqual([true, false]);
  });

  const waysOut: readonly (readonly [string, (page: Page) => Promise<void>])[] = [
    [
      'by the page’s button',
      async (page) => {
        await page.getByTestId('sign-out').click();
        await page.getByTestId('sign-in-ada').waitFor();
      },
    ],
    [
      'by a call of the page’s script',
      async (page) => {
        const status = await page.evaluate(async () => {
          const init = { method: 'POST', credentials: 'include' } as const;
          return (await fetch('http://localhost:8080/sign-out', init)).status;
        });
        expect(status).toBe(204);
      },
    ],
  ];

  it.each(waysOut)('whoever signs out %s is refused, and what Cube shows ends', async (_way, signOut) => {
    const page = await openTab('hugo', '/side-by-side');
    const panel = page.getByTestId('panel-pipeline');
    await embedded(panel);
    const [session] = await page.context().cookies(address);
    const ask = async (): Promise<readonly unknown[]> => {
      const headers = { cookie: `session=${session?.value ?? ''}`, origin: address };
      const reply = await fetch('http://localhost:8080/embed-url?embed=pipeline', { headers });
      return [reply.status, ((await reply.json()) as { code?: unknown }).code];
    };
    expect(await ask()).toEqual([200, undefined]);

    // another tab of the same browser: the frame stays open
    const other = await page.context().newPage();
    await other.goto(`${address}/embed-js`);
    await other.getByTestId('who').waitFor();
    await signOut(other);
    expect(await ask()).toEqual([401, 'session_invalid']);
    const frame = panel.getByTestId('embed').contentFrame();
    await expect
      .poll(async () => {
        await frame.getByTestId('refresh').click();
        return frame.getByTestId('state').textContent();
      })
      .toBe('This session has ended.');
    expect(await frame.getByTestId('row').first().isVisible()).toBe(false);
  });

  it('lets Metabase’s own script ask the gateway for tokens, each for who signed in', async () => {
    const shown = async (page: Page, type: string): Promise<readonly string[]> => {
      const frame = page.locator(`metabase-${type} iframe`).contentFrame();
      await frame.getByTestId('row').first().waitFor();
      return [
        await frame.getByTestId('org').innerText(),
        ...(await frame.getByTestId('row').allInnerTexts()),
      ];
    };
    const tokenUrl = 'http://localhost:8080/metabase/guest-token?response=json';

    const page = await openTab('ben', '/handbook');
    const asked: unknown[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') asked.push([request.url(), request.postDataJSON()]);
    });
    await page.getByRole('link', { name: 'embed.js' }).click();
    for (const type of ['dashboard', 'question']) {
      const [org, ...rows] = await shown(page, type);
      expect([org, rows.length]).toEqual(['acme', 3]);
      expect(rows.filter((row) => !row.includes('EU'))).toEqual([]);
    }
    expect(new Set(asked)).toEqual(
      new Set([
        [tokenUrl, { entityType: 'dashboard', entityId: 8 }],
        [tokenUrl, { entityType: 'question', entityId: 9 }],
      ]),
    );
    expect((await shown(await openTab('grace', '/embed-js'), 'dashboard'))[0]).toBe('globex');

    // past, it is asked for anew when the frame is opened again
    const frame = page.locator('metabase-dashboard iframe').contentFrame().locator('html');
    const reload = () => frame.evaluate('void setTimeout(() => location.reload())');
    await reload();
    await shown(page, 'dashboard');
    expect(asked).toHaveLength(2);
    await page.clock.setFixedTime(Date.now() + 11 * 60_000);
    await reload();
    await expect.poll(() => asked.length).toBe(3);
    expect((await shown(page, 'dashboard'))[0]).toBe('acme');
  });

  it.each([
    ['ivy', 'This embed is not for this session', 'embed_denied'],
    ['noa', 'The session is not valid', 'session_invalid'],
  ])(
    'tells %s in Metabase’s tab too why there is nothing, with code and request id',
    async (who, title, code) => {
      const page = await openTab(who, '/embed-js');
      for (const type of ['dashboard', 'question']) {
        const said = page.locator(`metabase-${type}`).getByRole('alert');
        await said.waitFor();
        const [shown, , shownCode, request = ''] = (await said.innerText()).split(/\n+/);
        expect([shown, shownCode]).toEqual([title, code]);
        const [, requestId = ''] = /^request ([\w-]{36})$/.exec(request) ?? [];
        await expect.poll(() => output).toContain(requestId);
        expect(requestId).not.toBe('');
      }
    },
  );

  it('works without script, through the frame’s own address', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(address);
    await signIn(page, 'hugo');
    await page.getByRole('link', { name: /without script/i }).click();
    expect((await embedded(page)).org).toBe('globex');
  });

  it('refuses a page of another origin that uses the reader’s cookie', async () => {
    const page = await openPage();
    await signIn(page, 'ada');
    // another port is another origin of the same site: the cookie is sent, and must not be enough
    const port = await startServer((_request, _body, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>evil</title>');
    });
    await page.goto(`http://localhost:${port}/`);
    const status = await page.evaluate(async () => {
      const url = 'http://localhost:8080/embed-url?embed=sales';
      await fetch(url, { credentials: 'include', mode: 'no-cors' }).catch(() => undefined);
      return fetch(url, { credentials: 'include' }).then(
        (reply) => reply.status,
        () => 'unreadable',
      );
    });
    expect(status).toBe('unreadable');
    const denied = (): readonly string[] =>
      output.split('\n').filter((line) => line.includes('origin_denied'));
    await expect.poll(denied).toHaveLength(2);
  });

  it('answers the README’s own calls', () => {
    const calls = commands.filter((command) => command.startsWith('curl '));
    expect(calls).toHaveLength(2);
    const [, answer = ''] = calls.map((call) =>
      execFileSync('bash', ['-c', call], { cwd: folder, encoding: 'utf8' }),
    );
    const issued = z.object({ url: z.url(), embed: z.literal('sales'), singleUse: z.literal(true) });
    expect(issued.safeParse(JSON.parse(answer)).error).toBeUndefined();
  });
});

it('every other command of the README is one that is run here or by .ci/run', () => {
  const known = [
    demoCommand,
    'docker compose --env-file config/sandbox.env --profile sandbox up --build', // held by test/composition.test.ts
    'npm run build',
    'npx embed-gateway check --config config/gateway.yaml', // below
    'npm ci && npm test', // this very run
  ];
  expect(commands.filter((command) => !command.startsWith('curl '))).toEqual(known);
});

it('the README’s check tells the problem that it shows', () => {
  const env = { ...process.env, APP_ORIGIN: 'https://app.example.com', REDIS_URL: 'redis://redis:6379' };
  const more = {
    SESSION_ISSUER: 'https://login.example.com/',
    SESSION_JWKS_URL: 'https://login.example.com/jwks.json',
    HEX_BASE_URL: 'https://app.hex.tech/api/v1',
  };
  const script = 'npx embed-gateway check --config config/gateway.yaml 2>&1; echo "exit $?"';
  const said = execFileSync('bash', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, ...more },
  });
  expect(said).toContain('config/gateway.yaml:44:12 providers.hex.token: ${env:HEX_TOKEN} is not set');
  expect(said).toContain('exit 1');
});
