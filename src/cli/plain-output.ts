import { format } from 'node:util';
import { escapeUnseen } from '../config/escape-unseen.ts';

/**
 * Turns what Node or a library would print as plain text (warnings, crashes, `console`) into JSON lines
 * like the log's own. Called before anything else is loaded, so that a library's warning on loading is
 * one as well.
 */
export function writeJsonInsteadOfText(): void {
  const die = (error: unknown): void => {
    write('fatal', { err: describe(error), msg: 'from Node.js' });
    process.exit(1);
  };
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    write('warn', { err: describe(warning), msg: 'from Node.js' });
  });
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  for (const [method, level] of Object.entries(consoleLevels)) {
    Reflect.set(console, method, (...words: readonly unknown[]) => {
      write(level, { msg: format(...words) });
    });
  }
}

type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const consoleLevels = {
  debug: 'debug',
  trace: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
} as const satisfies Partial<Record<keyof Console, Level>>;

function write(level: Level, members: Readonly<Record<string, unknown>>): void {
  const line = JSON.stringify({ level, time: new Date().toISOString(), ...members });
  process.stdout.write(`${escapeUnseen(line)}\n`);
}

function describe(error: unknown): Readonly<Record<string, unknown>> {
  const { name: type, message, stack } = error instanceof Error ? error : new Error(typeof error);
  return { type, message, stack };
}
