import { errors } from 'jose';

/** What jose found wrong, in words for the log. None holds anything of the token. */
const found: Readonly<Record<string, string>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature is wrong',
  ERR_JOSE_ALG_NOT_ALLOWED: 'alg is not among the configured algorithms',
  ERR_JWKS_NO_MATCHING_KEY: 'no key of the issuer is for this kid and alg',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'more than one key of the issuer is for this kid and alg',
};

const failed: Readonly<Record<string, string>> = {
  aud: 'aud is not the configured audience',
  iat: 'iat lies in the future',
  nbf: 'nbf lies in the future',
};

export function reasonFor(error: errors.JOSEError): string {
  if (!(error instanceof errors.JWTClaimValidationFailed)) return found[error.code] ?? error.code;
  const { claim, reason } = error;
  if (reason === 'missing') return `${claim} is missing`;
  const known = reason === 'check_failed' ? failed[claim] : undefined;
  return known ?? `${claim} is of the wrong type`;
}
