import { withoutScript } from './embed-pages.ts';
import { html, type Html } from './html.ts';
import type { Person } from './people.ts';
import { page } from './tabbed-page.ts';

/** Where Metabase's script finds what it needs. */
export interface GuestPeers {
  readonly gatewayUrl: string;
  readonly metabaseUrl: string;
}

/** The page's part in guest embedding: whom Metabase's script asks for tokens. */
export function guestConfigScript({ gatewayUrl, metabaseUrl }: GuestPeers): string {
  const config = {
    isGuest: true,
    instanceUrl: metabaseUrl,
    guestEmbedProviderUri: `${gatewayUrl}/metabase/guest-token`,
  };
  return `window.metabaseConfig = ${JSON.stringify(config)};\n`;
}

/** A dashboard and a question as Metabase's own script embeds them, with tokens that it asks of the gateway. */
export function guestPage(person: Person, { gatewayUrl, metabaseUrl }: GuestPeers): Html {
  const main = html`<main class="wide">
    <div class="title"><h1>Metabase’s own script</h1></div>
    ${withoutScript}
    <script defer src="/guest-config.js"></script>
    <script defer src="${metabaseUrl}/app/embed.js"></script>
    <div class="panels">
      <section>
        <h2>Churn <small>dashboard</small></h2>
        <metabase-dashboard dashboard-id="8" title="Churn"></metabase-dashboard>
      </section>
      <section>
        <h2>Who left? <small>question</small></h2>
        <metabase-question question-id="9" title="Who left?"></metabase-question>
      </section>
    </div>
    <p class="facts">Tokens from ${gatewayUrl}/metabase/guest-token</p>
  </main>`;
  return page(person, '/embed-js', 'Metabase’s own script', main);
}
