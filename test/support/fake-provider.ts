import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An answer, or a way of not giving one. */
export type Answer =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
      readonly delayMs?: number;
    }
  /** Says back all that it was told, as an error of a provider might. */
  | { readonly status: number; readonly echo: 'text' | 'json' }
  /** Takes the request and never answers. */
  | 'hang'
  /** Sends the head of a 200 and never its body. */
  | 'hang in the body'
  /** Takes the request and drops the connection. */
  | 'reset'
  /** Drops the connection in the middle of a 200's body. */
  | 'reset in the body'
  /** Bytes that are no HTTP. */
  | 'noise';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeProvider {
  /** Such as `http://127.0.0.1:41234`. */
  readonly origin: string;
  readonly calls: readonly Call[];
  /** What is answered from now on, one after the other; the last again and again. */
  answer(...answers: readonly [Answer, ...Answer[]]): void;
  /** Refuses connections from now on, and drops those there are. */
  refuse(): Promise<void>;
  /** Takes connections again, at once. */
  accept(): void;
  stop(): Promise<void>;
}

/** A real HTTP server whose answers a test writes, in a provider's place. */
export async function startFakeProvider(): Promise<FakeProvider> {
  const calls: Call[] = [];
  let script: readonly Answer[] = [{ status: 404 }];

  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url: path = '', headers } = request;
      calls.push({ method, path, headers, body });
      const [next = 'hang', ...rest] = script;
      if (rest.length > 0) script = rest;
      give(typeof next === 'object' && 'echo' in next ? echo(next, headers, body) : next, request, response);
    });
  });
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };

  return {
    origin: `http://127.0.0.1:${port}`,
    calls,
    answer: (...answers) => {
      script = answers;
    },
    refuse,
    accept: () => {
      // without a host to look up, the port is bound before this returns
      server.listen(port);
    },
    stop: refuse,
  };
}

function echo(
  { status, echo: form }: Extract<Answer, { echo: string }>,
  headers: IncomingHttpHeaders,
  body: string,
): Written {
  const words = `said ${JSON.stringify(headers)} ${body} ${String(headers.authorization)}`;
  const text = form === 'text' ? words : JSON.stringify({ reason: words, details: body, traceId: words });
  return { status, headers: { 'x-echo': String(headers.authorization) }, body: text };
}

type Written = Extract<Answer, { delayMs?: number }>;

function give(
  answer: Exclude<Answer, { echo: string }>,
  { socket }: IncomingMessage,
  response: ServerResponse,
): void {
  switch (answer) {
    case 'hang':
      return;
    case 'hang in the body':
      response.writeHead(200, { 'content-length': '100' }).write('{');
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'reset in the body':
      response.writeHead(200, { 'content-length': '100' }).write('{"url":', () => socket.destroy());
      return;
    case 'noise':
      socket.end('220 smtp.example.com ready\r\n');
      return;
    default:
      setTimeout(() => {
        response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
      }, answer.delayMs ?? 0);
  }
}
