/** @returns undefined where the text is anything but a JSON object */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The fields of a JSON object; none where the text is anything else. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  return jsonObject(text) ?? {};
}
