/** What may be told of an error that came from elsewhere: its kind, since a message can hold anything. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
