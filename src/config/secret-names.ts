const secretName = /^(tokens?|secret\w*|pass\w*|pem|ca|sealed|cluster|sentinel|url|urls|\w*key)$/i;

/** True for a key that sounds as if its value is a secret, known to the schema or not. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}
