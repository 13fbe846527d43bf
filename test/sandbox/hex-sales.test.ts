import { expect, test } from 'vitest';
import { hexProjects, type HexProject } from '../../src/sandbox/hex-projects.ts';
import { readPresignRequest } from '../../src/sandbox/hex-request.ts';
import { HexTickets } from '../../src/sandbox/hex-tickets.ts';
import { attributesOf, embedPage, openSandbox, rowsIn } from './support.ts';

function exportedLines(page: string): readonly string[] {
  const href = /data-testid="export-csv"[^>]*href="data:text\/csv;charset=utf-8,([^"]+)"/s.exec(page)?.[1];
  return decodeURIComponent((href ?? '').replaceAll('&#39;', "'")).split('\r\n');
}

test('a page holds the rows of the signed tenant and not one value of another', async () => {
  const sandbox = await openSandbox();
  const acme = await embedPage(sandbox, { hexUserAttributes: attributesOf('acme'), scope: ['EXPORT_CSV'] });
  const globex = await embedPage(sandbox, { hexUserAttributes: attributesOf('globex') });
  expect(acme).toContain('data-testid="org">acme<');
  expect(rowsIn(acme)).toBe(10);
  expect(acme).not.toMatch(/globex|Redwood|Vermeer/i);
  expect(globex).toContain('data-testid="org">globex<');
  expect(rowsIn(globex)).toBe(8);
  expect(globex).not.toMatch(/acme|Lindqvist|Cascade/i);
});

test.each(['ACME', 'acme ', '*', "acme' OR '1'='1", '__proto__', ''])(
  'an orgId that is no tenant leaves no row: %j',
  async (orgId) => {
    const page = await embedPage(await openSandbox(), { hexUserAttributes: attributesOf(orgId) });
    expect(rowsIn(page)).toBe(0);
    expect(page).toContain('data-testid="no-rows"');
  },
);

test.each([
  ['["EU"]', {}, 5],
  ['["EU","US"]', { region: 'US' }, 5],
  ['["EU"]', { region: 'US' }, 0],
  ['[]', {}, 0],
  ['["APAC"]', {}, 0],
  ['["EU","US"]', { region: 'EU', topN: 3 }, 3],
  ['["EU","US"]', { topN: '4' }, 4],
  ['["EU"]', { topN: 100 }, 5],
])('regions %s with the inputs %j leave %i rows', async (regions, inputParameters, rows) => {
  const hexUserAttributes = { ...attributesOf('acme'), regions };
  expect(rowsIn(await embedPage(await openSandbox(), { hexUserAttributes, inputParameters }))).toBe(rows);
});

test.each(['EU', '"EU"', '{"EU":true}', '[1]', ''])(
  'regions that are no JSON list of strings render no cell: %j',
  async (regions) => {
    const hexUserAttributes = { ...attributesOf('acme'), regions };
    const page = await embedPage(await openSandbox(), { hexUserAttributes });
    expect(rowsIn(page)).toBe(0);
    expect(page).toContain('The attribute regions is not a JSON list of strings');
    expect(page).not.toContain('<svg');
  },
);

test.each(['orgId', 'regions', 'userRole'])(
  'a cell that needs %s does not render without it',
  async (name) => {
    const given = Object.entries(attributesOf('acme')).filter(([key]) => key !== name);
    const page = await embedPage(await openSandbox(), { hexUserAttributes: Object.fromEntries(given) });
    expect(page).toContain(`This cell needs the attribute ${name}`);
    expect(rowsIn(page)).toBe(0);
  },
);

test('margins are for admins, in the table, the tiles and the export', async () => {
  const sandbox = await openSandbox();
  const scope = ['EXPORT_CSV'];
  const admin = await embedPage(sandbox, { hexUserAttributes: attributesOf('acme'), scope });
  expect(admin).toContain('data-testid="margin"');
  expect(admin).toContain('margin_percent');
  for (const userRole of ['viewer', 'Admin', '']) {
    const hexUserAttributes = { ...attributesOf('acme'), userRole };
    const page = await embedPage(sandbox, { hexUserAttributes, scope });
    expect(rowsIn(page)).toBe(10);
    expect(page).not.toMatch(/margin"|Margin|margin_percent/);
    expect(exportedLines(page)).toContain('"Müller & Söhne GmbH","EU","Valves","429250"');
  }
});

test('the export holds the visible rows and is offered for the scope EXPORT_CSV only', async () => {
  const sandbox = await openSandbox();
  const hexUserAttributes = { ...attributesOf('acme'), regions: '["EU"]' };
  const page = await embedPage(sandbox, { hexUserAttributes, scope: ['EXPORT_CSV'] });
  const lines = exportedLines(page);
  expect(lines).toHaveLength(6);
  expect(lines[0]).toBe('"customer","region","product","revenue_usd","margin_percent"');
  expect(lines).toContain('"Müller & Söhne GmbH","EU","Valves","429250","41"');
  for (const scope of [[], ['EXPORT_PDF'], ['export_csv']]) {
    expect(await embedPage(sandbox, { hexUserAttributes, scope })).not.toContain('export-csv');
  }
});

test('whatever was signed reaches the page escaped', async () => {
  const hostile = `</span><script>alert("1")</script>'&`;
  const page = await embedPage(await openSandbox(), {
    hexUserAttributes: { orgId: hostile, userRole: hostile, regions: JSON.stringify([hostile]) },
    inputParameters: { region: hostile, topN: hostile },
  });
  expect(page).toContain('&lt;/span&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;');
  expect(page).not.toContain('<script');
});

test('attributes that a project does not declare are ignored', () => {
  const tickets = new HexTickets();
  const request = readPresignRequest({ hexUserAttributes: { ...attributesOf('acme'), other: '1' } });
  if (typeof request === 'string') throw new Error(request);
  const declaredIn = (project: HexProject) => {
    const opening = tickets.open(tickets.issue(project, request, 0), 0);
    return typeof opening === 'string' ? opening : [...opening.attributes.keys()];
  };
  expect(declaredIn(hexProjects.sales)).toEqual(['orgId', 'userRole', 'regions']);
  expect(declaredIn(hexProjects.handbook)).toEqual([]);
});

test('the handbook is the same for everybody', async () => {
  const sandbox = await openSandbox();
  const options = { projectId: hexProjects.handbook.id };
  const page = await embedPage(sandbox, { hexUserAttributes: attributesOf('acme') }, options);
  expect(page).toContain('Metrics handbook');
  expect(page).toBe(await embedPage(sandbox, {}, options));
});

test('theme, footer, outline and paddings are as signed', async () => {
  const sandbox = await openSandbox();
  const displayOptions = {
    theme: 'dark',
    noEmbedFooter: true,
    noEmbedOutline: true,
    noEmbedBasePadding: true,
  };
  const dark = await embedPage(sandbox, { displayOptions });
  expect(dark).toContain('data-theme="dark"');
  expect(dark).toMatch(/<body class="no-padding no-outline *">/);
  expect(dark).not.toContain('<footer>');
  const usual = await embedPage(sandbox, {});
  expect(usual).toContain('data-theme="system"');
  expect(usual).toContain('<footer>');
});
