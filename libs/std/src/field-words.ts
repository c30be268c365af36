/** As many sentences about fields as Kubernetes' decoder keeps of one document. */
export const FIELD_WORDS_MAX = 100;
/** Characters of a path that a sentence quotes. */
const PATH_MAX = 1024;

/** Sentences about the fields of a client's document: each once, and a bounded number of them. */
export class FieldWords {
  private readonly seen = new Set<string>();

  get isFull(): boolean {
    return this.seen.size >= FIELD_WORDS_MAX;
  }
  get all(): readonly string[] {
    return [...this.seen];
  }
  add(words: string): void {
    if (!this.isFull) this.seen.add(words);
  }
}

/** The first sentences of several lists, as many as one document may have. */
export function boundedWords(words: readonly string[]): readonly string[] {
  return words.length <= FIELD_WORDS_MAX ? words : words.slice(0, FIELD_WORDS_MAX);
}

/**
 * The path of a field below another. A path that grew too long is cut: many sentences that each quote a long key would be
 * far larger than the document.
 */
export function pathBelow(path: string, key: string | number): string {
  return cutPath(typeof key === 'number' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
}
export function cutPath(inner: string): string {
  return inner.length <= PATH_MAX + 1 ? inner : `${inner.slice(0, PATH_MAX)}…`;
}
