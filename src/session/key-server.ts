import { Agent, request, type Dispatcher } from 'undici';
import { jsonObject } from '../gateway/json-object.ts';
import { readCapped } from '../gateway/read-capped.ts';

const answerBytesMax = 262_144;

/** The issuer's keys cannot be had now: a fault on our side of the session, not the caller's. */
export class KeysUnavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeysUnavailable';
  }
}

/**
 * Fetches a JSON object from an issuer: status 200 alone, no redirects, at most 256 kB.
 *
 * @throws {KeysUnavailable} anything else; the message names what happened and holds none of the answer
 */
export type FetchKeyDocument = (
  url: URL,
  deadline: AbortSignal,
) => Promise<Readonly<Record<string, unknown>>>;

/** @param ca certificates in PEM form that may vouch for the server; undefined for those that Node ships with */
export function createFetchKeyDocument(ca: string | undefined): FetchKeyDocument {
  const dispatcher = ca === undefined ? undefined : new Agent({ connect: { ca } });
  return async (url, deadline) => {
    const parsed = jsonObject(await fetchText(url, deadline, dispatcher));
    if (parsed === undefined) throw new KeysUnavailable('the answer is not a JSON object');
    return parsed;
  };
}

async function fetchText(url: URL, signal: AbortSignal, dispatcher: Dispatcher | undefined): Promise<string> {
  try {
    const { statusCode, body } = await request(url, {
      headers: { accept: 'application/json' },
      reset: true, // the next fetch is minutes away
      signal,
      ...(dispatcher && { dispatcher }),
    });
    // read whatever the status: a body that is thrown away unread ends in an error event that nobody hears
    const text = await readCapped(body, answerBytesMax);
    if (statusCode !== 200) throw new KeysUnavailable(`status ${statusCode}`);
    if (text === undefined)
      throw new KeysUnavailable(`the answer is over ${answerBytesMax} bytes or not UTF-8`);
    return text;
  } catch (error) {
    if (error instanceof KeysUnavailable) throw error;
    const { name, code } = error as { name: string; code?: unknown };
    throw new KeysUnavailable(`no answer (${typeof code === 'string' ? code : name})`);
  }
}
