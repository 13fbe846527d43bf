import { buildConnector } from 'undici';

/** Connects to a provider, and knows of a failure whether it came before there was a connection. */
export interface Connector {
  readonly connect: buildConnector.connector;
  /** True where no connection came about, or its certificate was not believed: no request can have left. */
  readonly isUnconnected: (error: unknown) => boolean;
}

export function createConnector(timeoutMs: number): Connector {
  const unconnected = new WeakSet<Error>();
  const connect = buildConnector({ timeout: timeoutMs });
  return {
    connect: (options, callback) => {
      connect(options, (...outcome) => {
        if (outcome[0]) unconnected.add(outcome[0]);
        callback(...outcome);
      });
    },
    isUnconnected: (error) => error instanceof Error && unconnected.has(error),
  };
}
