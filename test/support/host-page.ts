import type { Locator, Page } from 'playwright-core';

/** Signs in at the sandbox's host page. */
export async function signIn(page: Page, person: string): Promise<void> {
  await page.getByTestId(`sign-in-${person}`).click();
  await page.getByTestId('who').waitFor();
}

export interface Embedded {
  readonly org: string;
  readonly rows: readonly string[];
}

/** The organisation and rows that the embedded page shows. */
export async function embedded(page: Page | Locator): Promise<Embedded> {
  const frame = page.getByTestId('embed').contentFrame();
  await frame.getByTestId('row').first().waitFor();
  return {
    org: await frame.getByTestId('org').innerText(),
    rows: await frame.getByTestId('row').allInnerTexts(),
  };
}

/** What the tab of several embeds shows, in the order of the names. */
export async function embeddedIn(
  page: Page,
  tab: RegExp,
  names: readonly string[],
): Promise<readonly Embedded[]> {
  await page.getByRole('link', { name: tab }).click();
  const shown = [];
  for (const name of names) shown.push(await embedded(page.getByTestId(`panel-${name}`)));
  return shown;
}
