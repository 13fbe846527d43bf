import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { answerHeaders } from './answer-headers.ts';
import { transportProblem, type Problem } from './problem.ts';
import type { ReportProblem } from './reply-error.ts';

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is not HTTP enough to become a request, in the form of all other problems. */
export function createReplyClientError(reportProblem: ReportProblem) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = transportProblem(statuses[error.code ?? ''] ?? 400, randomUUID());
    reportProblem(problem);
    socket.end(textOf(problem));
  };
}

/** Refuses to be a tunnel (`CONNECT`). Node hands over a connection whose errors nobody hears, nor its end. */
export function createRefuseTunnel(reportProblem: ReportProblem) {
  return (_request: unknown, socket: Duplex): void => {
    socket.on('error', () => undefined);
    const problem = transportProblem(400, randomUUID());
    reportProblem(problem);
    socket.end(textOf(problem), () => socket.destroy());
  };
}

function textOf(problem: Problem): string {
  const body = JSON.stringify(problem);
  const headers = {
    ...answerHeaders(problem.requestId),
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${problem.status} ${problem.title}`, ...lines, '', body].join('\r\n');
}
