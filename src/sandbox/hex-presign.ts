import { randomUUID } from 'node:crypto';
import { findProject } from './hex-projects.ts';
import { asksForTestMode, readPresignRequest } from './hex-request.ts';
import type { HexTickets } from './hex-tickets.ts';
import { tokenStanding } from './hex-tokens.ts';
import type { HexWindow } from './hex-window.ts';

export interface PresignCall {
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly projectId: string;
  /** The parsed body, `'absent'` or `'malformed'`. */
  readonly body: PresignBody;
}

export type PresignBody = { readonly json: unknown } | 'absent' | 'malformed';

export interface HexWorkspace {
  /** Origin of the URLs handed out, without a trailing slash. */
  readonly origin: string;
  readonly token: string;
  readonly window: HexWindow;
  readonly tickets: HexTickets;
}

export interface HexAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Readonly<Record<string, string>>;
}

const uuid = /^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;

function problem(status: number, reason: string, details?: string): HexAnswer {
  return { status, body: { reason, ...(details === undefined ? {} : { details }), traceId: randomUUID() } };
}

function checkToken(call: PresignCall, workspace: HexWorkspace): HexAnswer | undefined {
  const standing = tokenStanding(call.authorization, workspace.token);
  if (standing === 'good') return undefined;
  if (standing === 'unscoped') return problem(403, 'The token lacks the scope "Create embedded links"');
  // Hex documents no body for 401, so this one is not JSON.
  return { status: 401, body: 'Unauthorized' };
}

function checkLimit(call: PresignCall, { window }: HexWorkspace, nowMs: number): HexAnswer | undefined {
  if (typeof call.body === 'object' && asksForTestMode(call.body.json)) return undefined;
  const waitMs = window.take(nowMs);
  if (waitMs === 0) return undefined;
  // Hex documents no body for 429, so this one is not JSON.
  const headers = { 'retry-after': String(Math.ceil(waitMs / 1000)) };
  return { status: 429, headers, body: 'Too Many Requests' };
}

function checkContentType({ contentType = '' }: PresignCall): HexAnswer | undefined {
  if (/^application\/json\s*(;|$)/i.test(contentType)) return undefined;
  return problem(424, 'Failed dependency', 'Content-Type must be application/json');
}

function checkProjectId({ projectId }: PresignCall): HexAnswer | undefined {
  return uuid.test(projectId) ? undefined : problem(400, 'Invalid request', 'projectId must be a UUID');
}

/**
 * Decides one call of createPresignedUrl as strictly as Hex documents it.
 *
 * @param nowMs a clock that never goes back
 */
export function presign(call: PresignCall, workspace: HexWorkspace, nowMs: number): HexAnswer {
  const refused =
    checkToken(call, workspace) ??
    checkLimit(call, workspace, nowMs) ??
    checkContentType(call) ??
    checkProjectId(call);
  if (refused) return refused;
  if (call.body === 'absent')
    return problem(424, 'Failed dependency', 'Missing parameters: the body is empty');
  if (call.body === 'malformed') return problem(400, 'Invalid request', 'The body is not JSON');

  const project = findProject(call.projectId);
  if (!project) return problem(404, 'Project not found');
  if (!project.published) return problem(424, 'Failed dependency', 'The project is not published');
  if (!project.embeddingEnabled) return problem(403, 'Signed embedding is not enabled on this project');

  const request = readPresignRequest(call.body.json);
  if (typeof request === 'string') return problem(422, 'Unprocessable request', request);
  const path = request.testMode
    ? `app/${project.id}`
    : `embed/${workspace.tickets.issue(project, request, nowMs)}`;
  return { status: 200, body: { url: `${workspace.origin}/${path}` } };
}
