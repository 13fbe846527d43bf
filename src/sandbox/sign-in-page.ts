import { avatar, documentOf, logo } from './host-page-frame.ts';
import { html, type Html } from './html.ts';
import { people, type Person } from './people.ts';

function choice(person: Person): Html {
  return html`<button name="person" value="${person.id}" data-testid="sign-in-${person.id}">
    ${avatar(person)}
    <span><b>${person.name}</b><small>${person.note}</small></span>
  </button>`;
}

/** Everybody who can sign in, by organisation. */
export function signInPage(): Html {
  const names = [...new Set(people.map((person) => person.organisation?.name))];
  const groups = names.map(
    (name) =>
      html`<fieldset>
        <legend>${name ?? 'No organisation'}</legend>
        ${people.filter((person) => person.organisation?.name === name).map(choice)}
      </fieldset>`,
  );
  const body = html`<main class="sign-in">
    ${logo}
    <h1>Sign in to Orchard</h1>
    <p>A pretend application with two customers. Pick a person; there are no passwords.</p>
    <form method="post" action="/sign-in">${groups}</form>
  </main>`;
  return documentOf('Sign in · Orchard', body);
}
