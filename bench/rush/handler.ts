import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import type { Contender } from './contender.ts';
import { projectId } from './provider.ts';
import { audience, issuer, sessionSecret } from './sessions.ts';

const claimsSchema = z.object({ org_id: z.string() });
const presignedSchema = z.object({ url: z.string() });

/**
 * The handler that people write by hand: it verifies the session, calls the provider at once, and passes
 * on what the provider says of its limit. No queue, no budget.
 */
export async function startHandler(providerOrigin: string): Promise<Contender> {
  async function embedUrl(authorization = ''): Promise<readonly [status: number, body: unknown]> {
    const session = authorization.replace(/^Bearer /, '');
    const { payload } = await jwtVerify(session, Buffer.from(sessionSecret), { issuer, audience });
    const { org_id: orgId } = claimsSchema.parse(payload);
    const answer = await fetch(`${providerOrigin}/api/v1/embedding/createPresignedUrl/${projectId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ hexUserAttributes: { orgId } }),
    });
    if (answer.status === 429) {
      await answer.text();
      return [503, { retryAfterSeconds: Number(answer.headers.get('retry-after')) }];
    }
    return [200, presignedSchema.parse(await answer.json())];
  }

  const server = createServer((request, response) => {
    embedUrl(request.headers.authorization)
      .catch((error: unknown) => [500, { title: String(error) }] as const)
      .then(([status, body]) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      })
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    urls: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
