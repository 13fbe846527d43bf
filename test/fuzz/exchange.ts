import { once } from 'node:events';
import { openRaw } from '../http/raw.ts';

/** An HTTP answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * Sends bytes as they stand, a character each where they are text, and gives all that came back.
 *
 * @param quietMs after this time without a word its own side is ended, for what never was a whole request
 */
export async function exchange(
  url: string,
  bytes: string | Uint8Array,
  quietMs = 20_000,
): Promise<readonly RawAnswer[]> {
  const socket = await openRaw(url);
  const chunks: Buffer[] = [];
  socket.setTimeout(quietMs, () => socket.end());
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  if (!socket.closed) await once(socket, 'close');
  return readAnswers(Buffer.concat(chunks));
}

/** @throws where the bytes are anything but whole answers, one after the other */
function readAnswers(bytes: Buffer): readonly RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const [, status] = /^HTTP\/1\.1 (\d{3}) [A-Z][\w -]*$/i.exec(statusLine) ?? [];
    if (end === -1 || status === undefined) throw new Error(`no answer: ${rest.toString('latin1')}`);
    const headers = new Map(lines.map(readHeader));
    const length = Number(headers.get('content-length') ?? 0);
    const body = rest.subarray(end + 4, end + 4 + length);
    if (body.length !== length) throw new Error(`cut off: ${rest.toString('latin1')}`);
    if (Number(status) >= 200) answers.push({ status: Number(status), headers, body: body.toString() });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

function readHeader(line: string): [name: string, value: string] {
  const [, name, value] = /^([\w-]+): ([\t\x20-\x7e]*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no header: ${line}`);
  return [name.toLowerCase(), value];
}
