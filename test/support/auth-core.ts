interface EncodeOptions {
  readonly token: Readonly<Record<string, unknown>>;
  readonly secret: string;
  /** The cookie's name. */
  readonly salt: string;
  /** Seconds; default 30 days. */
  readonly maxAge?: number;
}

// named so that its types stay out: they bring a browser's globals along, whose fetch() promises less than Node's
const name = ['@auth/core', 'jwt'].join('/');
const library = (await import(name)) as { readonly encode: (options: EncodeOptions) => Promise<string> };

/** Auth.js's own: seals a session as it does today. */
export const { encode } = library;
