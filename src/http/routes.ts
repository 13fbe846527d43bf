import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asked } from '../gateway/asked.ts';
import type { Issue } from '../gateway/issue.ts';
import type { List } from '../gateway/list.ts';
import type { SignOut } from '../gateway/sign-out.ts';
import { callerOf } from './caller.ts';
import { credentialsOf } from './credentials.ts';
import { queryOf, takeTicket } from './queue-ticket.ts';
import { rateLimitFields } from './rate-limit-fields.ts';

export interface RouteParts {
  readonly issue: Issue;
  readonly list: List;
  readonly signOut: SignOut;
}

/** The public routes. Each hands the request to the gateway as values and writes down what it gives. */
export function addRoutes(app: FastifyInstance, { issue, list, signOut }: RouteParts): void {
  const issueFor = (
    request: FastifyRequest,
    reply: FastifyReply,
    { asked, ...shown }: { readonly asked: Asked; readonly ticket?: string | undefined },
  ): ReturnType<Issue> =>
    issue({
      requestId: request.id,
      credentials: credentialsOf(request),
      asked,
      caller: { ...callerOf(request, reply), ...shown },
    });

  app.route({
    method: ['GET', 'POST'],
    url: '/embed-url',
    handler: async (request, reply) => {
      const { policies, expiresAtMs, ...issued } = await issueFor(request, reply, {
        asked: askedOf(request),
      });
      reply.headers(rateLimitFields(policies));
      const { url, embed, provider, singleUse, combination } = issued;
      return { url, embed, provider, expiresAt: new Date(expiresAtMs).toISOString(), singleUse, combination };
    },
  });

  app.get('/embeds', async (request, reply) => {
    const { embeds, policies } = await list({ requestId: request.id, credentials: credentialsOf(request) });
    reply.headers(rateLimitFields(policies));
    return { embeds };
  });

  app.post('/metabase/guest-token', async (request, reply) => {
    const asked = { form: 'guest', text: bodyOf(request) } as const;
    const { token, policies } = await issueFor(request, reply, { asked });
    reply.headers(rateLimitFields(policies));
    return { jwt: token };
  });

  app.post('/sign-out', async (request, reply) => {
    const policies = await signOut({ requestId: request.id, credentials: credentialsOf(request) });
    return reply.headers(rateLimitFields(policies)).code(204).send();
  });

  app.get<{ Params: { name: string } }>(
    '/embeds/:name/frame',
    { config: { refusals: 'page' } },
    async (request, reply) => {
      const query = queryOf(request.raw.url);
      const ticket = takeTicket(query);
      query.append('embed', request.params.name);
      const asked = { form: 'query', query } as const;
      const { url, policies } = await issueFor(request, reply, { asked, ticket });
      return reply.headers(rateLimitFields(policies)).redirect(url, 303);
    },
  );
}

function askedOf(request: FastifyRequest): Asked {
  if (request.method === 'GET') return { form: 'query', query: queryOf(request.raw.url) };
  return { form: 'json', text: bodyOf(request) };
}

function bodyOf({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body : '';
}
