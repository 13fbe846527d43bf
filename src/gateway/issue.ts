import type { LimitsConfig } from '../config/limits.ts';
import {
  CallerGone,
  type Admit,
  type Caller,
  type Grant,
  type Heeded,
  type PolicyState,
} from './admission.ts';
import { readAsked, readInputs, type Asked } from './asked.ts';
import { combinationKey, type Combinations } from './combination.ts';
import type { Embed, EmbedUrl, Mint } from './embed.ts';
import { findEmbed } from './find-embed.ts';
import { admissionFor } from './limits.ts';
import { authorise, mapAttributes } from './map.ts';
import { refuseEnded, type SignOuts } from './sign-out.ts';
import type { Report, Trail } from './trail.ts';
import { Refusal } from './refusal.ts';
import type { Credentials, VerifySession } from './session.ts';

export interface IssueRequest {
  readonly requestId: string;
  readonly credentials: Credentials;
  readonly asked: Asked;
  readonly caller: Caller;
}

/** The embed URL and what the caller may know about it. */
export interface Issued extends Pick<EmbedUrl, 'url' | 'token' | 'expiresAtMs' | 'singleUse'> {
  readonly embed: string;
  readonly provider: string;
  readonly combination: { readonly key: string; readonly warm: boolean };
  readonly policies: readonly PolicyState[];
}

export interface IssueParts {
  readonly verifySession: VerifySession;
  readonly embeds: ReadonlyMap<string, Embed>;
  readonly limits: LimitsConfig;
  readonly admit: Admit;
  readonly combinations: Combinations;
  readonly signOuts: Pick<SignOuts, 'has' | 'record'>;
  readonly report: Report;
}

/**
 * The whole policy of a request, in order. A step takes values and gives a value; none after the
 * first sees anything a browser could have forged.
 *
 * @throws {Refusal} the first step that denies
 * @throws {CallerGone} the caller left while it waited
 */
export type Issue = (request: IssueRequest) => Promise<Issued>;

export function createIssue(parts: IssueParts): Issue {
  const { verifySession, embeds, limits, admit, combinations, signOuts, report } = parts;

  async function issue({ credentials, asked, caller }: IssueRequest, trail: Trail): Promise<Issued> {
    const session = await verifySession(credentials);
    const verifiedAtMs = performance.now();
    trail.session = session;

    const request = readAsked(asked);
    const embed = await findEmbed(embeds, request.embed, session);
    trail.embed = embed;

    authorise(embed, session);
    const attributes = mapAttributes(embed, session);
    const inputs = readInputs(embed, request);
    const mint = embed.prepare({ session, attributes, inputs });

    const key = combinationKey(embed, attributes);
    trail.combination = key;

    const admission = admissionFor(limits, session, embed);
    const [grant, warm] = await Promise.all([admit(admission, caller), combinations.isWarm(key)]);
    const minted = await mintOnce(grant, async () => {
      await refuseEnded(session, verifiedAtMs, signOuts);
      return mint;
    });

    if (minted.revocable) signOuts.record(session, { provider: embed.provider, ...minted.revocable });
    combinations.record({
      key,
      embed: embed.name,
      tenant: admission.tenant,
      freshnessMs: embed.freshnessMs,
    });
    const { url, token, expiresAtMs, singleUse } = minted;
    return {
      ...{ url, expiresAtMs, singleUse },
      ...(token !== undefined && { token }),
      embed: embed.name,
      provider: embed.kind,
      combination: { key, warm },
      policies: grant.policies,
    };
  }

  return async (request) => {
    const trail: Trail = { requestId: request.requestId, startedAt: performance.now() };
    try {
      const issued = await issue(request, trail);
      report(trail, undefined);
      return issued;
    } catch (error) {
      if (error instanceof Refusal || error instanceof CallerGone) report(trail, error);
      throw error;
    }
  };
}

/**
 * Mints, and ends the grant whatever happens: with what was sent, and what the provider says is left.
 *
 * @param ready gives the mint, or refuses before anything is sent
 */
async function mintOnce(grant: Grant, ready: () => Promise<Mint>): Promise<EmbedUrl> {
  let sent = false;
  let heeded: Heeded | undefined;
  try {
    const mint = await ready();
    sent = true;
    const minted = await mint(grant);
    heeded = minted.heeded;
    return minted;
  } catch (error) {
    if (error instanceof Refusal) {
      sent &&= error.parts.unsent !== true;
      heeded = error.parts.heeded;
    }
    throw error;
  } finally {
    grant.settle(sent ? 'called' : 'unsent', heeded);
  }
}
