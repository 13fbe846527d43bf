import type { Add } from './problems.ts';
import { formOf } from './expression-form.ts';
import { checkExactlyOne, type ProviderUse } from './product.ts';
import { record, type Raw } from './raw.ts';

/** What must or must not stand together for Cube. */
export function checkCubeUses(uses: readonly ProviderUse[], add: Add): void {
  for (const { name, provider, embeds, sessions } of uses) {
    if (provider.queue !== undefined && provider.budget === undefined) {
      add(['providers', name, 'queue'], 'needs `budget`: without one nothing waits');
    }
    for (const [embed, fields] of embeds) {
      checkEmbed(fields, sessions, (key, message) => {
        add(['embeds', embed, ...(key === undefined ? [] : [key])], message);
      });
    }
  }
  checkOneMeaning(uses, add);
}

type AddAt = (key: string | undefined, message: string) => void;

function checkEmbed(embed: Raw, sessions: number, add: AddAt): void {
  const { app, creatorMode, embedTenant, externalId } = embed;
  checkExactlyOne(embed, ['dashboard', 'chat', 'app'], (message) => {
    add(undefined, message);
  });
  if (app !== undefined && creatorMode !== true) {
    add('app', 'needs `creatorMode: true`: in the app readers create and change dashboards');
  }
  if (creatorMode === true && embedTenant === undefined) {
    add('creatorMode', 'needs `embedTenant`: else tenants would share what readers create');
  }
  if (externalId === undefined && sessions > 1) {
    add('externalId', 'is missing: with several `sessions`, say what tells their users apart');
  }
}

interface Mapped {
  readonly embed: string;
  readonly fields: Raw;
  /** Embeds that agree in this have the same users at Cube. */
  readonly users: string;
}

/** What stands for an `externalId` that is left out; providers/cube-external-id.ts makes it. */
const defaultExternalId = 'tenant + ":" + user';

/**
 * Cube keeps one value of an attribute, and one list of groups, for each user, whichever embed set it
 * last: where two embeds have the same users, opening one must not change what the other shows.
 */
function checkOneMeaning(uses: readonly ProviderUse[], add: Add): void {
  const all = uses.flatMap(({ provider, embeds }) =>
    [...embeds].map(([embed, fields]): Mapped => {
      const externalId = formOf(fields.externalId ?? defaultExternalId);
      const users = JSON.stringify([hostOf(provider.baseUrl), externalId]);
      return { embed, fields, users };
    }),
  );
  for (const [index, { embed, fields, users }] of all.entries()) {
    const earlier = all.slice(0, index).filter((other) => other.users === users);
    const complain = (path: readonly string[], other: Mapped): void => {
      const message = `differs from embeds.${other.embed}, and Cube keeps one value for each user: map both alike, or give one an externalId of its own`;
      add(['embeds', embed, ...path], message);
    };
    for (const [attribute, expression] of Object.entries(record(fields.attributes))) {
      const other = earlier.find((one) => {
        const theirs = record(one.fields.attributes);
        return Object.hasOwn(theirs, attribute) && formOf(theirs[attribute]) !== formOf(expression);
      });
      if (other) complain(['attributes', attribute], other);
    }
    const other = earlier.find((one) => formOf(one.fields.groups) !== formOf(fields.groups));
    if (other) complain(['groups'], other);
  }
}

/** Users belong to an account, whose host it is, whatever the deployment. */
function hostOf(baseUrl: unknown): unknown {
  return typeof baseUrl === 'string' && URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;
}
