/**
 * Where key material lies: a folder or memory. Small, synchronous, and made so that two processes which start at once
 * agree on one key: whoever creates a name first has made it, the other reads it.
 */
export interface KeyStore {
  read(name: string): string | undefined;
  /** Stores the text unless the name exists; gives what is stored afterwards. Durable when it returns. */
  createOnce(name: string, text: string): string;
  /**
   * Puts a text in the place of the expected one, of which nothing is left to read, in one step: a crash leaves the one or the
   * other. Durable when it returns. False when something else is there, or nothing, whichever process changed it.
   */
  replace(name: string, expected: string, text: string): boolean;
  /** Deletes so that nothing is left to read; durable when it returns. A missing name is no error. */
  destroy(name: string): void;
  /** Names directly in a folder, in order. */
  list(folder: string): readonly string[];
  /** Destroys what a crash left unfinished in a folder. */
  clean(folder: string): void;
}

export class MemoryKeyStore implements KeyStore {
  readonly #texts = new Map<string, string>();

  read(name: string): string | undefined {
    return this.#texts.get(name);
  }

  createOnce(name: string, text: string): string {
    const existing = this.#texts.get(name);
    if (existing !== undefined) return existing;
    this.#texts.set(name, text);
    return text;
  }

  replace(name: string, expected: string, text: string): boolean {
    if (this.#texts.get(name) !== expected) return false;
    this.#texts.set(name, text);
    return true;
  }

  destroy(name: string): void {
    this.#texts.delete(name);
  }

  list(folder: string): readonly string[] {
    const prefix = `${folder}/`;
    return [...this.#texts.keys()]
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  clean(): void {
    // Nothing is left unfinished in memory.
  }
}
