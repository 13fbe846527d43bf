import type { Secret } from '../config/secret.ts';
import type { CallGrant } from '../gateway/admission.ts';
import { Refusal } from '../gateway/refusal.ts';
import { reveal } from './hidden.ts';
import type { Answer, OutboundRequest, Send } from './send.ts';

/** Sends a request that still has to be signed. */
export type SendSigned = (build: (secret: Secret) => OutboundRequest, grant: CallGrant) => Promise<Answer>;

/**
 * Sends with one secret, and with the next when the provider answers 401, within one deadline. A call
 * with a secret that the provider does not know cannot be counted for the account, so the second needs
 * no other slot in the budget. Once it answered, the order as a whole was sent.
 *
 * @param secrets one, or two during a rotation
 */
export function createSendSigned({ open, send }: Send, secrets: readonly Secret[]): SendSigned {
  /** The one that last worked comes first. */
  let ordered = secrets;
  return async (build, grant) => {
    const call = open(grant);
    let unknown: Answer | undefined;
    for (const secret of ordered) {
      const isFirst = unknown === undefined;
      const request = build(secret);
      // a provider may repeat any of its secrets, whichever it was sent
      const hidden = (): readonly string[] => [...request.hidden(), ...reveal(secrets)];
      const answer = await send({ ...request, hidden }, call).catch((error: unknown) => {
        throw isFirst ? error : asSent(error);
      });
      if (answer.status !== 401) {
        ordered = [secret, ...ordered.filter((other) => other !== secret)];
        return answer;
      }
      unknown = answer;
    }
    if (unknown) return unknown;
    throw new TypeError('no secret'); // the loader has checked it
  };
}

function asSent(error: unknown): unknown {
  return error instanceof Refusal ? new Refusal(error.code, { ...error.parts, unsent: false }) : error;
}
