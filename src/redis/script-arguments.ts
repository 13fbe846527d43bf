type Kind = 'text' | 'number';

/** What a script is called with: the values of its ARGV by name. */
type Values<Fields extends Readonly<Record<string, Kind>>> = {
  readonly [Name in keyof Fields]: Fields[Name] extends 'number' ? number : string;
};

/** The first values of a script's ARGV: their names in Lua and their order, written down once. */
export interface ScriptArguments<Fields extends Readonly<Record<string, Kind>>> {
  /** Declares each as a local of its name. */
  readonly lua: string;
  readonly count: number;
  readonly inOrder: (values: Values<Fields>) => readonly (string | number)[];
}

/** @param fields names that Lua takes for variables too, in order */
export function scriptArguments<const Fields extends Readonly<Record<string, Kind>>>(
  fields: Fields,
): ScriptArguments<Fields> {
  const names = Object.keys(fields);
  const lines = names.map((name, index) => {
    const value = `ARGV[${index + 1}]`;
    return `local ${name} = ${fields[name] === 'number' ? `tonumber(${value})` : value}`;
  });
  return {
    lua: lines.join('\n'),
    count: names.length,
    inOrder: (values) => names.map((name) => values[name] ?? ''),
  };
}
