import { mayOpen } from './find-embed.ts';
import type { IssueParts } from './issue.ts';
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
}) => Promise<readonly ListedEmbed[]>;

/**
 * What a session may open: the embeds that would neither be denied nor lack an attribute.
 *
 * @throws {Refusal} a `session_*` code or `origin_denied`
 */
export function createList({
  verifySession,
  embeds,
  report,
}: Pick<IssueParts, 'verifySession' | 'embeds' | 'report'>): List {
  return async ({ requestId, credentials }) => {
    const trail: Trail = { requestId, startedAt: performance.now() };
    try {
      const session = await verifySession(credentials);
      return [...embeds.values()]
        .filter((embed) => mayOpen(embed, session))
        .map(({ name, title, inputs }) => ({ name, title, inputs: Object.fromEntries(inputs) }));
    } catch (error) {
      if (error instanceof Refusal) report(trail, error);
      throw error;
    }
  };
}
