/**
 * A host page's script as Metabase serves one for guest embeds: it asks the page's own server for a token, with cookies and
 * nothing else of the page's, on load and again once it is past. Plain JavaScript for browsers, served as it stands.
 *
 * Known: the configuration, the elements, the request and its answer. The real frame is another one, which takes the token
 * by a message and asks for the next by one when it needs rows; this one is the page of the signed URL, loaded again. What the
 * real one shows when it gets no token is not documented; this one shows the problem (RFC 9457) that it got instead.
 *
 * @see https://www.metabase.com/docs/latest/embedding/guest-embedding
 */
export const metabaseEmbedScript = `
(() => {
const { instanceUrl, guestEmbedProviderUri } = window.metabaseConfig;

async function askToken(entityType, entityId) {
  const uri = new URL(guestEmbedProviderUri, location.origin);
  uri.searchParams.set('response', 'json');
  const reply = await fetch(uri, {
    method: 'POST',
    credentials: 'include',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ entityType, entityId }),
  });
  if (reply.ok) return (await reply.json()).jwt;
  const problem = await reply.json().catch(() => ({}));
  throw { title: 'The server of this page gave no token: ' + reply.status, ...problem };
}

function line(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

// What was thrown is a problem, or an error of the browser's without any of its fields.
function alertOf({ title, detail, code, requestId, message }) {
  const alert = Object.assign(document.createElement('div'), { role: 'alert' });
  alert.append(
    line('b', title ?? 'The server of this page gave no answer'),
    line('span', detail ?? message ?? ''),
    ...(code ? [line('code', code)] : []),
    ...(requestId ? [line('small', 'request ' + requestId)] : []),
  );
  return alert;
}

function isPast(jwt) {
  const { exp } = JSON.parse(atob(jwt.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
  return exp * 1000 < Date.now();
}

for (const entityType of ['dashboard', 'question']) {
  customElements.define('metabase-' + entityType, class extends HTMLElement {
    async connectedCallback() {
      const id = this.getAttribute(entityType + '-id');
      const entityId = /^[0-9]+$/.test(id) ? Number(id) : id;
      let jwt;
      let mayRenew; // one that is past when it comes would be asked for again and again
      const frame = Object.assign(document.createElement('iframe'), { title: this.title });
      const open = async () => {
        try {
          jwt = await askToken(entityType, entityId);
          mayRenew = !isPast(jwt);
          frame.src = instanceUrl + '/embed/' + entityType + '/' + jwt;
          if (!frame.isConnected) this.replaceChildren(frame);
        } catch (error) {
          this.replaceChildren(alertOf(error));
        }
      };
      frame.addEventListener('load', () => mayRenew && isPast(jwt) && open());
      await open();
    }
  });
}
})();
`;
