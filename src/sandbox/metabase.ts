import { z } from 'zod';
import { sendEmbedPage } from './embed-document.ts';
import type { Html } from './html.ts';
import { visibleChurn } from './metabase-churn.ts';
import { findEntity } from './metabase-entities.ts';
import { metabaseEmbedScript } from './metabase-embed-script.ts';
import { appearanceScript, appearanceScriptPath, churnPage, errorPage } from './metabase-page.ts';
import { mergeParameters } from './metabase-parameters.ts';
import { readToken, type EntityType, type FilterValues, type SignedView } from './metabase-token.ts';
import { createServer, listen, type Binding, type StandIn } from './server.ts';

const tokenPath = z.object({ token: z.string() });
const chosenParameters = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

/** For the frames, and for the pages around them. */
const scripts = { [appearanceScriptPath]: appearanceScript, '/app/embed.js': metabaseEmbedScript };

/** Metabase's own limit, its server's default. */
const headBytesMax = 8192;

/** Starts a stand-in for Metabase: the pages that its signed URLs open. */
export async function startMetabase(binding: Binding, secretKey: string): Promise<StandIn> {
  const app = createServer(headBytesMax);

  for (const type of ['dashboard', 'question'] as const) {
    app.get(`/embed/${type}/:token`, async (request, reply) => {
      const { token } = tokenPath.parse(request.params);
      const view = await readToken(type, token, secretKey);
      const markup = embedPage(type, view, chosenParameters.parse(request.query));
      // 200 for every token, as Metabase does: the page itself tells what is wrong
      await sendEmbedPage(reply, { status: 200, markup }, { scripts: true });
    });
  }
  for (const [path, script] of Object.entries(scripts)) {
    app.get(path, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
  }

  const origin = await listen(app, binding);
  return { origin, close: () => app.close() };
}

function embedPage(type: EntityType, view: SignedView | string, chosen: FilterValues): Html {
  if (typeof view === 'string') return errorPage(view);
  const entity = findEntity(type, view.id);
  if (!entity) return errorPage('Not found.');
  if (!entity.embedding) return errorPage('Embedding is not enabled for this object.');
  const filters = mergeParameters(entity.slugs, view.params, chosen);
  if (typeof filters === 'string') return errorPage(filters);
  return churnPage(entity.title, visibleChurn(filters));
}
