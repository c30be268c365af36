/** The query of a URL, read as Go reads it: pairs with a semicolon or a bad escape are dropped, `+` is a blank. */
export class Query {
  private readonly values = new Map<string, string[]>();

  constructor(readonly raw: string) {
    if (raw === '') return;
    for (const pair of raw.split('&')) {
      if (pair === '' || pair.includes(';')) continue;
      const at = pair.indexOf('=');
      const key = unescaped(at < 0 ? pair : pair.slice(0, at));
      const value = unescaped(at < 0 ? '' : pair.slice(at + 1));
      if (key === undefined || value === undefined) continue;
      const list = this.values.get(key);
      if (list) list.push(value);
      else this.values.set(key, [value]);
    }
  }

  has(key: string): boolean {
    return this.values.has(key);
  }
  /** The first value. */
  get(key: string): string | undefined {
    return this.values.get(key)?.[0];
  }
  all(key: string): readonly string[] {
    return this.values.get(key) ?? [];
  }
  /** False when absent, `0` or `false`; every other text, the empty one too, is true. */
  flag(key: string): boolean {
    const value = this.get(key);
    return value !== undefined && value !== '0' && value.toLowerCase() !== 'false';
  }
}

function unescaped(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  return percentDecoded(text.replaceAll('+', ' '));
}

/**
 * Percent-decoding that keeps what is no UTF-8: such a byte becomes a lone surrogate (0xDC00 + byte), which JSON prints as
 * the replacement character and {@link goQuote} as `\xff`. Undefined when an escape is broken.
 */
export function percentDecoded(text: string): string | undefined {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(%[0-9a-fA-F]{2})+/g, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return bytesKept(Buffer.from(run.replaceAll('%', ''), 'hex'));
      }
    });
  }
}
/** A decoded path as it stands in a URL: the way back from {@link percentDecoded}, and nothing that would end the path. */
export function percentEncoded(path: string): string {
  return path.replace(/[\uDC80-\uDCFF]|[^\uDC80-\uDCFF]+/gu, (part) =>
    /^[\uDC80-\uDCFF]$/u.test(part)
      ? `%${(part.charCodeAt(0) - 0xdc00).toString(16).toUpperCase()}`
      : encodeURI(part).replace(/[?#]/g, encodeURIComponent),
  );
}
function bytesKept(bytes: Buffer): string {
  let out = '';
  for (const byte of bytes) out += byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(0xdc00 + byte);
  return out;
}
