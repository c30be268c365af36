const ESCAPE =
  /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))|(\\)|([^\\]+)/g;
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The text between quotes with its escapes resolved; undefined when one of them is none. */
export function unescaped(text: string, isBytes: boolean): string | Uint8Array | undefined {
  const bytes: number[] = [];
  const parts: string[] = [];
  const encoder = new TextEncoder();
  for (const [, simple, hex, short, long, octal, broken, plain] of text.matchAll(ESCAPE)) {
    if (broken !== undefined) return undefined;
    const number = hex !== undefined ? parseInt(hex, 16) : octal !== undefined ? parseInt(octal, 8) : undefined;
    const unicode = short ?? long;
    if (unicode !== undefined && (isBytes || !isScalar(parseInt(unicode, 16)))) return undefined;
    if (isBytes && number !== undefined) {
      bytes.push(number);
      continue;
    }
    const code = number ?? (unicode === undefined ? undefined : parseInt(unicode, 16));
    const piece = plain ?? (simple === undefined ? String.fromCodePoint(code ?? 0) : (SIMPLE[simple] ?? simple));
    if (isBytes) for (const byte of encoder.encode(piece)) bytes.push(byte);
    else parts.push(piece);
  }
  return isBytes ? Uint8Array.from(bytes) : parts.join('');
}

/** A code point that UTF-8 can encode. */
function isScalar(code: number): boolean {
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
}
