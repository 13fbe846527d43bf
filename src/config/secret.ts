import { inspect } from 'node:util';

/**
 * A value that must not be printed. Every way of turning it into text gives `[secret]`;
 * only {@link Secret.reveal}, called where the value goes on the wire, gives the value.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
