import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CubeAccount } from './cube-account.ts';
import { pipeline, visibleDeals } from './cube-deals.ts';
import { cubePage, cubePageScript } from './cube-page.ts';
import {
  checkApiKey,
  exchangeSession,
  generateSession,
  revokeSession,
  type CubeAnswer,
} from './cube-sessions.ts';
import { sendEmbedPage } from './embed-document.ts';
import { createServer, listen, type Binding, type StandIn } from './server.ts';

const dashboardPath = z.object({ publicId: z.string() });

/** Starts a stand-in for a Cube Cloud account: its sessions, and the frame of its one dashboard. */
export async function startCube(binding: Binding, apiKey: string): Promise<StandIn> {
  const app = createServer();
  const account = new CubeAccount();
  const answer = (reply: FastifyReply, { status, body }: CubeAnswer) => reply.code(status).send(body);

  app.post('/api/v1/embed/generate-session', (request, reply) =>
    answer(
      reply,
      checkApiKey(request.headers.authorization, apiKey) ??
        generateSession(request.body, account, performance.now()),
    ),
  );
  app.post('/api/v1/embed/session/token', (request, reply) =>
    answer(reply, exchangeSession(request.body, account, performance.now())),
  );
  app.post('/api/v1/embed/session/revoke', (request, reply) =>
    answer(reply, checkApiKey(request.headers.authorization, apiKey) ?? revokeSession(request.body, account)),
  );

  app.get('/embed/dashboard/:publicId', async (request, reply) => {
    const { publicId } = dashboardPath.parse(request.params);
    await sendEmbedPage(reply, cubePage(publicId), { scripts: true });
  });
  app.get('/embed/dashboard.js', (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(cubePageScript),
  );
  // the stand-in's own: how the real frame asks for rows is not known
  app.get(`/embed/dashboard/${pipeline.publicId}/rows`, (request, reply) => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const user = account.userOf(token, performance.now());
    if (!user) return reply.code(401).send({ error: 'The token is expired, revoked or unknown' });
    return reply.header('cache-control', 'no-store').send({ rows: visibleDeals(user) });
  });

  const origin = await listen(app, binding);
  return { origin, close: () => app.close() };
}
