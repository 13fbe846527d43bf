import { stringify } from 'yaml';
import { escapeUnseen } from '../config/escape-unseen.ts';
import { loadConfig } from '../config/load.ts';
import { formatProblem, type Problem } from '../config/problems.ts';

/**
 * Reports every problem of a configuration, or what it holds, what its presets fill in and its warnings.
 * Reaches no network.
 *
 * @param strict counts warnings as problems
 */
export function check({ config: file, strict }: { config: string; strict?: boolean }): void {
  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) {
    reportProblems(loaded.problems, file);
    return;
  }
  if (strict === true && loaded.warnings.length > 0) {
    reportProblems(loaded.warnings, file);
    return;
  }
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  const { sessions, providers, embeds } = loaded.config;
  process.stdout.write(
    `${escapeUnseen(file)} is fine: ${sessions.length} issuers, ${providers.size} providers, ${embeds.size} embeds\n`,
  );
  for (const { index, preset, fields } of loaded.filledIn) {
    // nothing of it is secret: it is made of the issuer and of public ids
    const lines = stringify(fields, { lineWidth: 0 }).trimEnd().split('\n').map(escapeUnseen);
    process.stdout.write(`sessions[${index}], filled in by preset: ${preset}\n  ${lines.join('\n  ')}\n`);
  }
}

function reportProblems(problems: readonly Problem[], file: string): void {
  const { length } = problems;
  process.stderr.write(`${problems.map(formatProblem).join('\n')}\n`);
  process.stderr.write(`${length} problem${length === 1 ? '' : 's'} in ${escapeUnseen(file)}\n`);
  process.exitCode = 1;
}
