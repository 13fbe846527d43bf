import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { sendEmbedPage } from './embed-document.ts';
import { presign, type HexWorkspace, type PresignBody } from './hex-presign.ts';
import { HexTickets } from './hex-tickets.ts';
import { HexWindow } from './hex-window.ts';
import { openingPage, testModePage } from './hex-pages.ts';
import { createServer, listen, type Binding } from './server.ts';

/** One call of createPresignedUrl as the stand-in saw it. */
export interface HexCall {
  /** When it was decided, epoch milliseconds. */
  readonly at: number;
  readonly status: number;
  /** The last segment of the path, unchecked. */
  readonly projectId: string;
  /** The parsed JSON body; undefined when absent or not JSON. */
  readonly body: unknown;
}

export interface StandInHex {
  readonly origin: string;
  /** The newest 10,000 calls, newest last. */
  readonly calls: readonly HexCall[];
  close(): Promise<void>;
}

const callsKept = 10_000;
const idPath = z.object({ id: z.string() });

function readBody(raw: unknown): PresignBody {
  if (typeof raw !== 'string' || raw.trim() === '') return 'absent';
  try {
    return { json: JSON.parse(raw) };
  } catch {
    return 'malformed';
  }
}

function acceptAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
}

/** Starts a stand-in for Hex: its embedding API and the pages that its URLs open. */
export async function startHex(
  binding: Binding,
  workspace: { readonly token: string; readonly callsPerMinute: number },
): Promise<StandInHex> {
  const app = createServer();
  const calls: HexCall[] = [];
  const tickets = new HexTickets();
  const window = new HexWindow(workspace.callsPerMinute);
  let origin = '';

  acceptAnyBody(app);
  app.post('/api/v1/embedding/createPresignedUrl/:id', async (request, reply) => {
    const { id: projectId } = idPath.parse(request.params);
    const { authorization, 'content-type': contentType } = request.headers;
    const body = readBody(request.body);
    const hex: HexWorkspace = { origin, token: workspace.token, window, tickets };
    const answer = presign({ authorization, contentType, projectId, body }, hex, performance.now());
    const json = typeof body === 'object' ? body.json : undefined;
    calls.push({ at: Date.now(), status: answer.status, projectId, body: json });
    if (calls.length > callsKept) calls.shift();
    await reply
      .code(answer.status)
      .headers(answer.headers ?? {})
      .send(answer.body);
  });
  app.get('/embed/:id', async (request, reply) => {
    const { id } = idPath.parse(request.params);
    await sendEmbedPage(reply, openingPage(tickets.open(id, performance.now())));
  });
  app.get('/app/:id', async (_request, reply) => {
    await sendEmbedPage(reply, testModePage());
  });

  origin = await listen(app, binding);
  return { origin, calls, close: () => app.close() };
}
