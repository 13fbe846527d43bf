import { z } from 'zod';
import { sendEmbedPage } from './embed-document.ts';
import type { Html } from './html.ts';
import { findDashboard, visibleChurn } from './metabase-churn.ts';
import { appearanceScript, churnPage, errorPage } from './metabase-page.ts';
import { mergeParameters } from './metabase-parameters.ts';
import { readToken, type FilterValues } from './metabase-token.ts';
import { createServer, listen, type Binding, type StandIn } from './server.ts';

const tokenPath = z.object({ token: z.string() });
const chosenParameters = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/** Metabase's own limit, its server's default. */
const headBytesMax = 8192;

/** Starts a stand-in for Metabase: the page that its signed URLs open. */
export async function startMetabase(binding: Binding, secretKey: string): Promise<StandIn> {
  const app = createServer(headBytesMax);

  app.get('/embed/dashboard/:token', async (request, reply) => {
    const { token } = tokenPath.parse(request.params);
    const markup = await dashboardPage(token, chosenParameters.parse(request.query), secretKey);
    // 200 for every token, as Metabase does: the page itself tells what is wrong
    await sendEmbedPage(reply, { status: 200, markup }, { scripts: true });
  });
  app.get('/embed/appearance.js', (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(appearanceScript),
  );

  const origin = await listen(app, binding);
  return { origin, close: () => app.close() };
}

async function dashboardPage(token: string, chosen: FilterValues, secretKey: string): Promise<Html> {
  const view = await readToken(token, secretKey);
  if (typeof view === 'string') return errorPage(view);
  const dashboard = findDashboard(view.dashboard);
  if (!dashboard) return errorPage('Not found.');
  if (!dashboard.embedding) return errorPage('Embedding is not enabled for this object.');
  const filters = mergeParameters(dashboard.slugs, view.params, chosen);
  if (typeof filters === 'string') return errorPage(filters);
  return churnPage(dashboard.title, visibleChurn(filters));
}
