import type { CubeEmbedConfig, CubeProviderConfig, CubeView } from '../config/cube.ts';
import type { EmbedUrl } from '../gateway/embed.ts';
import { fieldsOf } from '../gateway/json-object.ts';
import { Refusal } from '../gateway/refusal.ts';
import { openMsMax } from '../gateway/sign-out.ts';
import { createRevokeSessionRequest, type CubeCall } from './cube-call.ts';
import { createGenerateSessionRequest, isCubeAttribute } from './cube-session.ts';
import type { Connect, Provider } from './provider.ts';
import { rateLimitSaid } from './rate-limit-said.ts';
import { refusedAnswer } from './refused-answer.ts';
import { createSendSigned } from './send-signed.ts';
import type { Answer } from './send.ts';
import { ofUsableLength } from './url-length.ts';

/** How long a session waits for the frame to exchange it; the frame's own token then lives 24 h. */
const sessionMs = 300_000;

/** Cube Cloud: signed embedding by generate-session. */
export function createCubeProvider(config: CubeProviderConfig, connect: Connect): Provider {
  const { baseUrl, apiKey: apiKeys, timeout } = config;
  const to = { origin: baseUrl.origin, timeoutMs: timeout };
  const way = connect(to);
  // of its own: a Cube that ends nothing must not close the way for those who wait for a frame
  const wayToEnd = connect(to);
  const sendSigned = createSendSigned(way, apiKeys);
  const sendToEnd = createSendSigned(wayToEnd, apiKeys);
  return {
    kind: 'cube',
    isReachable: way.isReachable,
    close: async () => {
      await Promise.all([way.close(), wayToEnd.close()]);
    },
    end: async (sessionId) => {
      const request = createRevokeSessionRequest(config, sessionId);
      // no part of the budget; what is not answered is tried again later, not at once
      const answer = await sendToEnd(request.sign, {
        deadlineMs: Infinity,
        another: () => Promise.resolve(false),
      });
      // what Cube does not know any more has ended
      const isEnded = (answer.status >= 200 && answer.status < 300) || answer.status === 404;
      if (!isEnded) throw refusedAnswer(answer, request.hidden);
    },
    bind: (embed: CubeEmbedConfig) => ({
      takes: isCubeAttribute,
      prepare: (order) => {
        const { sign, hidden } = createGenerateSessionRequest(config, embed, order);
        return async (grant): Promise<EmbedUrl> => {
          const answer = await sendSigned(sign, grant);
          const sessionId = readSessionId(answer, hidden);
          return {
            url: ofUsableLength(frameUrl(config, embed.shown, sessionId)),
            expiresAtMs: Date.now() + sessionMs,
            singleUse: true,
            heeded: rateLimitSaid(answer),
            revocable: { id: sessionId, expiresAtMs: Date.now() + openMsMax },
          };
        };
      },
    }),
  };
}

/**
 * Reads the answer of generate-session: `{"sessionId"}`, else a refusal whose reason is for the log. The
 * status of a success is not documented: 200 and 201 are taken.
 *
 * @param hidden gives the values that must not appear in the reason
 * @throws {Refusal} `provider_misconfigured`, `provider_busy`, `provider_unavailable`
 */
function readSessionId(answer: Answer, hidden: CubeCall['hidden']): string {
  if (answer.status !== 200 && answer.status !== 201) throw refusedAnswer(answer, hidden);
  const { sessionId } = fieldsOf(answer.text);
  if (typeof sessionId !== 'string' || !/^(?!\.)[\w.~+/=-]{1,1024}$/.test(sessionId)) {
    const reason = `status ${answer.status} without a usable session`;
    throw new Refusal('provider_unavailable', { reason });
  }
  return sessionId;
}

/** Puts the values into the frame's template, each encoded for where it stands. */
export function frameUrl(
  { baseUrl, frames, deployment }: Pick<CubeProviderConfig, 'baseUrl' | 'frames' | 'deployment'>,
  view: CubeView,
  sessionId: string,
): string {
  const values: Readonly<Record<string, string>> = {
    deploymentId: String(deployment),
    publicId: view.frame === 'dashboard' ? view.publicId : '',
    sessionId,
  };
  const path = frames[view.frame].replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
  return `${baseUrl.origin}${baseUrl.pathname.replace(/\/$/, '')}${path}`;
}
