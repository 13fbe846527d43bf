import type { Outcome, Waits } from './rush.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const minutes = ({ median, max }: Waits): string => `${median.toFixed(1)} / ${max.toFixed(1)} min`;

const rows: readonly (readonly [title: string, cell: (outcome: Outcome) => string])[] = [
  ['calls too many', ({ tooMany }) => String(tooMany)],
  ['budget used while somebody waits', ({ used }) => percent(used)],
  ['Jain’s index while all tenants wait', ({ fairness }) => fairness.toFixed(3)],
  ['wait, nine quiet tenants: median / longest', ({ quiet }) => minutes(quiet)],
  ['wait, the big tenant: median / longest', ({ big }) => minutes(big)],
  ['requests for each embed', ({ requestsEach }) => requestsEach.toFixed(1)],
];

/** A Markdown table with a column for each contender. */
export function table(outcomes: Readonly<Record<string, Outcome>>): string {
  const cells = [
    ['', ...Object.keys(outcomes)],
    ...rows.map(([title, cell]) => [title, ...Object.values(outcomes).map(cell)]),
  ];
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | '));
  const rule = widths.map((width) => '-'.repeat(width)).join(' | ');
  return [lines[0], rule, ...lines.slice(1)].map((line) => `| ${line ?? ''} |`).join('\n');
}

/** What the gateway has to reach, and does not. */
export function missedTargets({ tooMany, used, fairness }: Outcome): readonly string[] {
  return [
    ...(tooMany > 0 ? [`the provider saw ${tooMany} calls too many; 0 are allowed`] : []),
    ...(used < 0.97 ? [`${percent(used)} of the budget was used; 97 % are wanted`] : []),
    ...(fairness < 0.98 ? [`Jain’s index was ${fairness.toFixed(3)}; 0.98 is wanted`] : []),
  ];
}
