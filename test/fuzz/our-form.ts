import { STATUS_CODES } from 'node:http';
import { expect } from 'vitest';
import { z } from 'zod';
import { refusalTable } from '../../src/gateway/refusal.ts';
import type { RawAnswer } from './exchange.ts';
import { allowedOrigin } from './target.ts';

const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  requestId: z.uuid(),
  errors: z
    .array(z.strictObject({ name: z.string().max(64), reason: z.string().regex(/^[\w ,.-]{1,80}$/) }))
    .min(1)
    .max(20)
    .optional(),
});

/** Of the transport: what Node, its parser or the routes refuse. */
const transportStatuses = [400, 404, 408, 413, 414, 415, 417, 431];

const headerNames =
  /^(?:date|connection|keep-alive|content-(?:type|length|security-policy)|x-request-id|cache-control|referrer-policy|vary|www-authenticate|retry-after|ratelimit(?:-policy)?|origin-agent-cluster|cross-origin-(?:opener|resource)-policy|x-(?:content-type-options|dns-prefetch-control|download-options|permitted-cross-domain-policies|xss-protection)|access-control-(?:allow-(?:origin|credentials)|expose-headers))$/;

/**
 * Holds a refusal against the contract, word by word: whatever was sent, the texts are those that we
 * wrote, and the names of inputs in `errors` are all that it may hold of the request.
 *
 * @returns its code
 */
export function codeOf(answer: RawAnswer): string {
  const { status, headers } = answer;
  expect([...headers.keys()].filter((name) => !headerNames.test(name))).toEqual([]);
  expect(Object.fromEntries(headers)).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    vary: expect.stringMatching(/^authorization, cookie, origin/i) as unknown,
  });
  expect(headers.get('access-control-allow-origin') ?? allowedOrigin).toBe(allowedOrigin);
  if (status === 401) expect(headers.get('www-authenticate')).toBe('Bearer');
  if (status === 429 || status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  const isPage = headers.get('content-type') === 'text/html; charset=utf-8';
  return isPage ? codeOfPage(answer) : codeOfProblem(answer);
}

function codeOfProblem({ status, headers, body }: RawAnswer): string {
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const { errors, ...problem } = problemSchema.parse(JSON.parse(body));
  const { code } = problem;
  const requestId = headers.get('x-request-id');
  expect(problem).toEqual({ ...textsOf(code, status), status, code, requestId });
  expect(errors !== undefined).toBe(code === 'input_invalid');
  return code;
}

function textsOf(code: string, status: number): Readonly<Record<string, string>> {
  const refusals: Readonly<Record<string, readonly [number, string, string]>> = refusalTable;
  const known = refusals[code];
  if (known) {
    expect(status).toBe(known[0]);
    expect(status < 500 || status === 503).toBe(true);
    return { type: `urn:embed-gateway:problem:${code}`, title: known[1], detail: known[2] };
  }
  expect(transportStatuses).toContain(status);
  const title = STATUS_CODES[status] ?? '';
  expect(code).toBe(title.toLowerCase().replace(/[^a-z]+/g, '_'));
  return { type: 'about:blank', title, detail: title };
}

const pageTags =
  /^<(?:!doctype html|html lang="en"|meta charset="utf-8"|meta name="viewport" content="width=device-width"|a href=""|\/?(?:title|style|main|h1|p|small)|\/html|\/a)>$/;

function codeOfPage({ status, headers, body }: RawAnswer): string {
  const tags = body.match(/<[^>]*>?/g) ?? [];
  expect(tags.filter((tag) => !pageTags.test(tag))).toEqual([]);
  const [, code = '', requestId] = /<small>(\w+) · request ([\w-]{36})<\/small>/.exec(body) ?? [];
  expect(requestId).toBe(headers.get('x-request-id'));
  expect(body).toContain(`<title>${textsOf(code, status).title ?? ''}</title>`);
  return code;
}
