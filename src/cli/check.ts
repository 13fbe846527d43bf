import { stringify } from 'yaml';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../config/problems.ts';

/** Reports every problem of a configuration, or what it holds and what its presets fill in. Reaches no network. */
export function check({ config: file }: { config: string }): void {
  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) {
    const { length } = loaded.problems;
    process.stderr.write(`${loaded.problems.map(formatProblem).join('\n')}\n`);
    process.stderr.write(`${length} problem${length === 1 ? '' : 's'} in ${file}\n`);
    process.exitCode = 1;
    return;
  }
  const { sessions, providers, embeds } = loaded.config;
  process.stdout.write(
    `${file} is fine: ${sessions.length} issuers, ${providers.size} providers, ${embeds.size} embeds\n`,
  );
  for (const { index, preset, fields } of loaded.filledIn) {
    // nothing of it is secret: it is made of the issuer and of public ids
    const lines = stringify(fields, { lineWidth: 0 }).trimEnd().replace(/^/gm, '  ');
    process.stdout.write(`sessions[${index}], filled in by preset: ${preset}\n${lines}\n`);
  }
}
