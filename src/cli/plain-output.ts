/**
 * Turns what Node would print as plain text (warnings, crashes) into JSON lines like the log's own.
 * Called before anything else is loaded, so that a library's warning on loading is one as well.
 */
export function writeJsonInsteadOfText(): void {
  const write = (level: 'warn' | 'fatal', error: unknown): void => {
    const { name: type, message, stack } = error instanceof Error ? error : new Error(typeof error);
    const line = {
      level,
      time: new Date().toISOString(),
      err: { type, message, stack },
      msg: 'from Node.js',
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  const die = (error: unknown): void => {
    write('fatal', error);
    process.exit(1);
  };
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    write('warn', warning);
  });
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}
