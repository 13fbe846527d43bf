import { pino, type Logger } from 'pino';
import { escapeUnseen } from '../config/escape-unseen.ts';

/**
 * The process's log: one JSON object a line on standard output, times in ISO 8601. Whatever is logged, a line
 * shows each of its characters: what reorders, hides or ends text is escaped as JSON allows.
 *
 * An error is written as its type, code, message and stack alone: libraries hang commands, requests
 * and addresses on their errors, which may hold what must not be logged.
 */
export function createLog(destination?: { write(line: string): void }): Logger {
  const options = {
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    hooks: { streamWrite: escapeLine },
  };
  return destination ? pino(options, destination) : pino(options);
}

function escapeLine(line: string): string {
  return line.endsWith('\n') ? `${escapeUnseen(line.slice(0, -1))}\n` : escapeUnseen(line);
}

function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name: type, message, stack } = error;
  return { type, code: (error as NodeJS.ErrnoException).code, message, stack };
}
