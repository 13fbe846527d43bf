import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CubeAccount } from './cube-account.ts';
import { visibleDeals } from './cube-deals.ts';
import { cubeFrames, cubePublished } from './cube-frames.ts';
import { cubePageScript } from './cube-page-script.ts';
import { cubePage, cubePageScriptPath, notFoundPage } from './cube-page.ts';
import {
  checkApiKey,
  exchangeSession,
  generateSession,
  revokeSession,
  type CubeAnswer,
} from './cube-sessions.ts';
import { sendEmbedPage } from './embed-document.ts';
import { createServer, listen, type Binding, type StandIn } from './server.ts';

const framePath = z.record(z.string(), z.string());

/** Starts a stand-in for a Cube Cloud account: its sessions, and the frames of its one dashboard, the chat and the app. */
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

  for (const frame of cubeFrames) {
    app.get(frame.path, async (request, reply) => {
      const named = Object.entries(framePath.parse(request.params));
      const isPublished = named.every(([name, value]) => cubePublished[name] === value);
      await sendEmbedPage(reply, isPublished ? cubePage(frame) : notFoundPage(), { scripts: true });
    });
  }
  app.get(cubePageScriptPath, (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(cubePageScript),
  );
  // the stand-in's own: how the real frames ask for rows is not known
  for (const kind of new Set(cubeFrames.map((frame) => frame.kind))) {
    app.get(`/embed/rows/${kind}`, (request, reply) => {
      const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const viewer = account.viewerOf(token, performance.now());
      if (!viewer) return reply.code(401).send({ error: 'The token is expired, revoked or unknown' });
      const { workspace } = viewer;
      if (kind === 'app' && workspace === undefined)
        return reply.code(403).send({ error: 'No creator mode' });
      const rows = visibleDeals(account.userOf(viewer));
      return reply.header('cache-control', 'no-store').send({ rows, ...(kind === 'app' && { workspace }) });
    });
  }

  const origin = await listen(app, binding);
  return { origin, close: () => app.close() };
}
