import { z } from 'zod';
import { record, type Raw } from './raw.ts';

/** Ids that end up in URLs and expressions. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be letters, digits, "-" and "_"');

/** What an entry with `preset` may hold beside the ordinary keys. */
export const presetFields = {
  authorizedParties: z
    .array(z.string().min(1, 'is empty'))
    .min(1)
    .describe('clerk: origins of the application; keycloak: ids of clients; azp must be one of them')
    .optional(),
  client: id.describe('cognito: id of the app client; workos: the client id').optional(),
  pool: id.describe('cognito: id of the user pool').optional(),
  project: id.describe('firebase: id of the project; supabase: its reference').optional(),
  region: id.describe('cognito: region of the user pool').optional(),
};

export type PresetField = keyof typeof presetFields;

/** What is known of an entry when its preset is laid under it; ids that are missing or malformed are `unknown`. */
interface Known extends Readonly<Record<Exclude<PresetField, 'authorizedParties'>, string>> {
  /** As the operator wrote it, else the product's; without the slash at its end. */
  readonly issuer: (products?: string) => string;
  /** That azp is one of the authorized parties; none where none are named. */
  readonly azp: readonly string[];
}

export interface Preset {
  /** Fields that it cannot do without. */
  readonly needs: readonly PresetField[];
  readonly takes?: readonly PresetField[];
  /** How each authorized party must look, where all look alike. */
  readonly party?: { readonly form: RegExp; readonly example: string };
  /** How an issuer that the operator wrote must look, since the address of the keys is made from it. */
  readonly issuer?: { readonly form: RegExp; readonly example: string };
  /** Settings of `sessions`, as the file would write them. */
  readonly fill: (known: Known) => Raw;
}

const wellKnown = '/.well-known/jwks.json';
const rs256 = { algorithms: ['RS256'] };
const host = String.raw`^https?://[^/?#]+`;

/**
 * What the tokens of well-known products have in common. None maps a claim that users can edit; a tenant
 * that has no standard claim is left to the operator. Whether a claim is there is asked of the claims' names:
 * `has()` and `in` take one that is null for absent.
 */
export const presets = {
  /** @see https://clerk.com/docs/guides/sessions/session-tokens */
  clerk: {
    needs: [],
    takes: ['authorizedParties'],
    party: { form: new RegExp(`${host}$`), example: 'https://app.example.com' },
    issuer: { form: new RegExp(`${host}$`), example: 'https://NAME.clerk.accounts.dev' },
    fill: ({ issuer, azp }) => ({
      keys: { jwks: issuer() + wellKnown },
      ...rs256,
      require: [...azp, 'claims.all(name, name != "sts" || claims.sts == "active")'],
      tenant: 'claims.exists(name, name == "o") ? claims.o.id : claims.org_id', // version 2 of its tokens, version 1
    }),
  },
  /** @see https://auth0.com/docs/manage-users/organizations/using-tokens */
  auth0: {
    needs: [],
    issuer: { form: new RegExp(`${host}/$`), example: 'https://TENANT.auth0.com/' },
    fill: ({ issuer }) => ({ keys: { jwks: issuer() + wellKnown }, ...rs256, tenant: 'claims.org_id' }),
  },
  /** @see https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html */
  cognito: {
    needs: ['region', 'pool', 'client'],
    fill: ({ issuer, region, pool, client }) => {
      const ours = `https://cognito-idp.${region}.amazonaws.com/${pool}`;
      return {
        issuer: ours,
        keys: { jwks: issuer(ours) + wellKnown },
        ...rs256,
        require: ['claims.token_use == "access"', `claims.client_id == "${client}"`],
      };
    },
  },
  /** @see https://www.keycloak.org/securing-apps/oidc-layers */
  keycloak: {
    needs: [],
    takes: ['authorizedParties'],
    issuer: { form: new RegExp(`${host}/(?:[^?#]+/)?realms/[^/?#]+$`), example: 'https://HOST/realms/REALM' },
    fill: ({ issuer, azp }) => ({
      keys: { jwks: `${issuer()}/protocol/openid-connect/certs` },
      ...rs256,
      require: [...azp, 'claims.typ == "Bearer"'],
    }),
  },
  /** @see https://firebase.google.com/docs/auth/admin/verify-id-tokens */
  firebase: {
    needs: ['project'],
    fill: ({ project }) => ({
      issuer: `https://securetoken.google.com/${project}`,
      audience: project,
      keys: {
        jwks: 'https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com',
      },
      ...rs256,
      require: ['claims.firebase.sign_in_provider != "anonymous"'],
      tenant: 'claims.firebase.tenant',
    }),
  },
  /** @see https://supabase.com/docs/guides/auth/jwt-fields */
  supabase: {
    needs: ['project'],
    fill: ({ issuer, project }) => {
      const ours = `https://${project}.supabase.co/auth/v1`;
      return {
        issuer: ours,
        audience: 'authenticated',
        tokens: ['bearer', `supabase:${project}`],
        keys: { jwks: issuer(ours) + wellKnown },
        algorithms: ['ES256', 'RS256'],
        require: [
          'claims.role == "authenticated"',
          'claims.all(name, name != "is_anonymous" || claims.is_anonymous == false)',
          'claims.all(name, name != "client_id")', // of an application that the user let in
        ],
      };
    },
  },
  /** The keys are of the one client, whose name no claim holds. @see https://workos.com/docs/reference/authkit/session-tokens */
  workos: {
    needs: ['client'],
    fill: ({ client }) => ({
      issuer: 'https://api.workos.com',
      keys: { jwks: `https://api.workos.com/sso/jwks/${client}` },
      ...rs256,
      require: ['size(claims.sid) > 0'],
      tenant: 'claims.org_id',
    }),
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];

/** The preset that an entry of `sessions` names; undefined for none, and for one that there is not. */
export function presetOf(entry: unknown): (Preset & { readonly name: PresetName }) | undefined {
  const name = presetNames.find((one) => one === record(entry).preset);
  return name && { name, ...presets[name] };
}
