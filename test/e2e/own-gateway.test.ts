import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { startGateway } from '../support/gateway.ts';
import { root } from '../support/readme.ts';

it('a gateway of one’s own serves every embed of docs/sandbox.md from the stand-ins', async () => {
  const page = readFileSync(join(root, 'docs/sandbox.md'), 'utf8');
  const [, shown = ''] = /^```yaml\n([^]*?)^```$/m.exec(page) ?? [];
  const sandbox = await openSandbox();
  const moved = shown
    .replaceAll('http://localhost:4000', sandbox.hostPageUrl)
    .replace('http://localhost:4010/api/v1', sandbox.hexBaseUrl)
    .replace('http://localhost:4020', sandbox.cubeBaseUrl)
    .replace('http://localhost:4030', sandbox.metabaseSiteUrl)
    .replace('port: 8080', 'port: 0');
  const gateway = await startGateway(`${moved}operations: { port: 0 }\n`, {
    HEX_TOKEN: sandbox.hexToken,
    CUBE_API_KEY: sandbox.cubeApiKey,
    METABASE_SECRET_KEY: sandbox.metabaseSecretKey,
  });

  // signed in as the README's first call does, and asked as its second
  const signIn = await fetch(`${sandbox.hostPageUrl}/sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ person: 'ada' }),
    redirect: 'manual',
  });
  const [cookie = ''] = (signIn.headers.get('set-cookie') ?? '').split(';');
  const names = [...shown.matchAll(/^ {2}(\w+):\n/gm)].map(([, name = '']) => name);
  expect(names).toEqual(['sales', 'pipeline', 'churn']);
  for (const name of names) {
    const headers = { cookie, origin: sandbox.hostPageUrl };
    const reply = await fetch(`${gateway.url}/embed-url?embed=${name}`, { headers });
    const { url } = (await reply.json()) as { url: string };
    expect([reply.status, (await fetch(url)).status]).toEqual([200, 200]);
  }
});
