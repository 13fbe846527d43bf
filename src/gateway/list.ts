import type { LimitUser, PolicyState } from './admission.ts';
import { openable } from './find-embed.ts';
import type { IssueParts } from './issue.ts';
import { userPolicies } from './limits.ts';
import type { Trail } from './trail.ts';
import { Refusal } from './refusal.ts';
import type { Credentials } from './session.ts';

/** An embed as its readers may know it. */
export interface ListedEmbed {
  readonly name: string;
  readonly title: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export type List = (request: {
  readonly requestId: string;
  readonly credentials: Credentials;
}) => Promise<{ readonly embeds: readonly ListedEmbed[]; readonly policies: readonly PolicyState[] }>;

export interface ListParts extends Pick<IssueParts, 'verifySession' | 'embeds' | 'limits' | 'report'> {
  readonly limitUser: LimitUser;
}

/**
 * What a session may open: the embeds that would neither be denied nor lack an attribute. The request
 * counts in the windows of its user before any expression is evaluated.
 *
 * @throws {Refusal} a `session_*` code, `origin_denied`, `rate_limited` or `limits_unavailable`
 */
export function createList({ verifySession, limitUser, embeds, limits, report }: ListParts): List {
  return async ({ requestId, credentials }) => {
    const trail: Trail = { requestId, startedAt: performance.now() };
    try {
      const session = await verifySession(credentials);
      trail.session = session;
      const policies = await limitUser(userPolicies(limits, session));
      const found = await openable(embeds.values(), session);
      return {
        embeds: found.map(({ name, title, inputs }) => ({ name, title, inputs: Object.fromEntries(inputs) })),
        policies,
      };
    } catch (error) {
      if (error instanceof Refusal) report(trail, error);
      throw error;
    }
  };
}
