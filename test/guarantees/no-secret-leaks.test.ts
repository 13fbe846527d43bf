import { expect, it } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import {
  configOver,
  getEmbedUrl,
  hostOrigin,
  runCommand,
  startGateway,
  temporaryFile,
} from '../support/gateway.ts';
import { authSecret, sealBytes } from '../support/seal.ts';
import { startServer, type Handler } from '../support/server.ts';

const hexToken = `hxtw_${'5ec7e7'.repeat(16)}`;
const redisPassword = 'redis-Pa55word-marker';
const urlSecret = 'url-secret-marker-0123456789';
const claimMarkers = {
  email: 'claim-email-marker@example.com',
  regions: ['claim-region-marker'],
  roles: ['admin', 'claim-role-marker'],
  nickname: 'claim-nickname-marker',
};

/** A provider that says back all it was told: headers, token, attributes. */
const echo =
  (status: number, type = 'application/json'): Handler =>
  (request, body, response) => {
    const said = {
      reason: `provider-words ${request.headers.authorization ?? ''}`,
      details: body,
      traceId: 'trace-7',
    };
    response
      .writeHead(status, { 'content-type': type, 'x-echo': request.headers.authorization })
      .end(JSON.stringify(said));
  };

const url =
  (text: string): Handler =>
  (_request, _body, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ url: text }));
  };

const failures: readonly Handler[] = [
  ...[400, 401, 403, 404, 409, 422, 424, 500, 502, 503, 504].map((status) => echo(status)),
  echo(400, 'text/plain'),
  url(`https://evil.example/${urlSecret}`),
  url(`javascript:${urlSecret}`),
  url(`https://user:${urlSecret}@app.hex.tech/`),
  (request, _body, response) => {
    response
      .writeHead(302, { location: `https://evil.example/?${request.headers.authorization ?? ''}` })
      .end();
  },
  (_request, _body, response) => {
    response.writeHead(200).end(`{"url": ${urlSecret}`);
  },
  (_request, _body, response) => {
    response.writeHead(200).end(urlSecret.repeat(10_000));
  },
  (request) => {
    request.socket.destroy();
  },
  () => undefined, // never answers
];

it(
  'no secret, token, URL or claim value is in any log, reply, metric or command output, whatever fails',
  { timeout: 90_000 },
  async () => {
    const sandbox = await openSandbox();
    let answer: Handler = url(`https://app.hex.tech/embed/${urlSecret}`);
    const port = await startServer((request, body, response) => {
      answer(request, body, response);
    });

    const config = configOver(sandbox, {
      hexBaseUrl: `http://127.0.0.1:${port}/api/v1`,
      hex: 'timeout: 700ms\nbudget: { max: 1000, per: 1m }',
      sessions:
        '- name: storefront\n  tokens: ["cookie:sealed"]\n  keys: { sealed: { format: next-auth, secret: "${env:AUTH_SECRET}" } }\n  tenant: claims.org_id',
      more: `redis: { url: "\${env:REDIS_URL}" }\nlimits: { user: [{ max: 40, per: 1m }] }`,
    });
    const env = {
      HEX_TOKEN: hexToken,
      AUTH_SECRET: authSecret,
      REDIS_URL: `redis://:${redisPassword}@127.0.0.1:1`,
    };
    const gateway = await startGateway(config, env);
    const replies: string[] = [];
    const keep = async (response: Response, hide: readonly string[] = []): Promise<void> => {
      const text = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`;
      replies.push(hide.reduce((rest, value) => rest.replaceAll(value, ''), text));
    };

    const session = { sub: 'ada', ...claimMarkers };
    const token = await sandbox.signSession(session);
    const minted = await getEmbedUrl(gateway, token, 'embed=sales&region=EU');
    expect(minted.status).toBe(200);
    await keep(minted, [`https://app.hex.tech/embed/${urlSecret}`]); // to the right party

    for (const failing of failures) {
      answer = failing;
      const who = await sandbox.signSession({ ...session, sub: `user-${failures.indexOf(failing)}` });
      const asked = await getEmbedUrl(gateway, who, 'embed=sales&region=EU');
      expect(asked.status).toBeGreaterThanOrEqual(400);
      await keep(asked);
      // so that the circuit stays closed
      answer = url('https://app.hex.tech/embed/fine');
      expect((await getEmbedUrl(gateway, who)).status).toBe(200);
    }

    // heard by all: nothing is minted after it
    answer = echo(429);
    await keep(await getEmbedUrl(gateway, token, 'embed=sales&region=EU'));

    const expired = await sandbox.signSession(session, { expiresIn: '-1m' });
    const unmapped = await sandbox.signSession({ ...session, regions: undefined });
    const tampered = `${token.slice(0, -6)}AAAAAA`;
    for (const bad of [expired, unmapped, tampered, `${token}.${token}`, 'garbage']) {
      await keep(await getEmbedUrl(gateway, bad));
      await keep(await getEmbedUrl(gateway, token, 'embed=sales', { cookie: `session=${bad}` }));
      await keep(await getEmbedUrl(gateway, token, `embed=${bad}`));
      await keep(await getEmbedUrl(gateway, token, `embed=sales&token=${bad}`));
      await keep(await fetch(`${gateway.url}/${bad}`));
    }
    const nowSeconds = Math.floor(Date.now() / 1000);
    const sealedClaims = {
      sub: 'ada',
      org_id: 'acme',
      ...claimMarkers,
      iat: nowSeconds,
      exp: nowSeconds + 300,
    };
    const sealed = sealBytes(JSON.stringify(sealedClaims));
    const sealedForms = [
      sealed,
      sealed.slice(0, -6),
      sealBytes(`{${JSON.stringify(claimMarkers.email)}`),
      expired,
    ];
    for (const form of sealedForms) {
      for (const headers of [
        { cookie: `sealed=${form}` },
        { cookie: `sealed.0=${form}`, origin: hostOrigin },
      ]) {
        await keep(await fetch(`${gateway.url}/embed-url?embed=none`, { headers }));
      }
    }
    await keep(await getEmbedUrl(gateway, token, 'embed=sales', { origin: `https://${urlSecret}.example` }));
    const cookie = { cookie: `session=${expired}`, origin: hostOrigin };
    await keep(await fetch(`${gateway.url}/embeds/sales/frame`, { headers: cookie, redirect: 'manual' }));
    for (let count = 0; count < 45; count += 1) await keep(await getEmbedUrl(gateway, token));
    for (const path of ['/metrics', '/readyz', '/livez'])
      await keep(await fetch(gateway.operationsUrl + path));
    await gateway.stop();

    const file = temporaryFile(config);
    const commands = [
      await runCommand(['check', '--config', file], { env }),
      await runCommand(['check', '--config', temporaryFile(`${config}\nsecrets: ${hexToken}\n`)], { env }),
      await runCommand(
        ['check', '--config', temporaryFile(config.replace('${env:HEX_TOKEN}', `[${hexToken}`))],
        { env },
      ),
      await runCommand(['serve', '--config', temporaryFile(config.replace('token:', 'tokn:'))], { env }),
      await runCommand(
        ['serve', '--config', temporaryFile(config.replace('${env:HEX_TOKEN}', `{ a: ${hexToken} }`))],
        { env },
      ),
    ];
    const written = [gateway.output(), ...commands.flatMap(({ stdout, stderr }) => [stdout, stderr])];

    const secrets = [
      hexToken,
      redisPassword,
      urlSecret,
      authSecret,
      ...[token, expired, unmapped, tampered].flatMap(partsOf),
      ...sealedForms.map((form) => form.slice(-40)),
    ];
    const claims = [
      'claim-email-marker',
      'claim-region-marker',
      'claim-role-marker',
      'claim-nickname-marker',
    ];
    const everything = [...written, ...replies].join('\n');
    expect([...secrets, ...claims].filter((marker) => everything.includes(marker))).toEqual([]);
    // replies hold neither what the provider said nor who the session is
    expect(
      ['provider-words', 'trace-7', 'acme'].filter((marker) => replies.join('\n').includes(marker)),
    ).toEqual([]);
    // and the search is not blind: the log has what it should
    expect(gateway.output()).toContain('trace-7');
    expect(gateway.lines().filter(({ audit }) => audit === 'refusal').length).toBeGreaterThan(
      failures.length,
    );
  },
);

/** A token's claims and signature; its header is the same for all. */
function partsOf(token: string): readonly string[] {
  return token.split('.').slice(1);
}
