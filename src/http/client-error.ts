import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { answerHeaders } from './answer-headers.ts';
import { transportProblem } from './problem.ts';
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
    const body = JSON.stringify(problem);
    const headers = {
      ...answerHeaders(problem.requestId),
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.end([`HTTP/1.1 ${problem.status} ${problem.title}`, ...lines, '', body].join('\r\n'));
  };
}
