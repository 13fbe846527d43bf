import { readFileSync } from 'node:fs';

/** Where the limit of open files cannot be found out. */
const unknownOpenFilesMax = 1024;
/** Each takes about 15 kB: beyond this an operator says so. */
const connectionsMaxDefault = 10_000;

/**
 * Connections that the public listener serves at a time where `listen.maxConnections` is left out: half of
 * the files that the process may open, so that calls to providers, Redis and issuers find room too.
 */
export function defaultConnectionsMax(): number {
  const openFilesMax = openFilesOfLinux() ?? openFilesOfReport() ?? unknownOpenFilesMax;
  return Math.max(1, Math.min(connectionsMaxDefault, Math.floor(openFilesMax / 2)));
}

/** The soft limit, which Node raises to the hard one at its start. */
function openFilesOfLinux(): number | undefined {
  try {
    return toLimit(/^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function openFilesOfReport(): number | undefined {
  const report: unknown = process.report.getReport();
  const limits: unknown = Reflect.get(Object(report), 'userLimits');
  const openFiles: unknown = Reflect.get(Object(limits), 'open_files');
  return toLimit(Reflect.get(Object(openFiles), 'soft'));
}

function toLimit(limit: unknown): number | undefined {
  if (limit === 'unlimited') return Infinity;
  const number = Number(limit);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
