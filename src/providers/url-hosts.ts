const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Whether a URL's host is one of those allowed: `app.hex.tech` is that host on any port,
 * `app.hex.tech:8443` on that port, `*.hex.tech` every host below hex.tech and not hex.tech itself.
 */
export function isAllowedHost(url: URL, patterns: readonly string[]): boolean {
  const port = url.port === '' ? defaultPorts[url.protocol] : url.port;
  return patterns.some((pattern) => {
    const host = /:\d+$/.test(pattern) ? `${url.hostname}:${port ?? ''}` : url.hostname;
    return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
  });
}
