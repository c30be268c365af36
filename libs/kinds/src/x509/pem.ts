/** A block of a PEM text. */
export interface PemBlock {
  readonly type: string;
  readonly hasHeaders: boolean;
  readonly bytes: Uint8Array;
}

const BEGIN = '-----BEGIN ';
const END = '-----END ';
const DASHES = '-----';

/** The first block of a text whatever stands around it, and what comes after it. Takes time in proportion to the text. */
export function firstPemBlock(text: string): { readonly block: PemBlock; readonly rest: string } | undefined {
  let end = -1;
  for (let begin = lineWith(text, BEGIN, 0); begin >= 0; begin = lineWith(text, BEGIN, begin + 1)) {
    const type = typeOf(lineAt(text, begin), BEGIN);
    const body = lineEnd(text, begin);
    // A line END is looked for once, however many lines BEGIN stand before it.
    if (end < body) end = lineWith(text, END, body);
    if (end < 0) return undefined;
    if (type === undefined || typeOf(lineAt(text, end), END) !== type) continue;
    const block = blockOf(type, text.slice(body, end));
    if (block) return { block, rest: text.slice(lineEnd(text, end)) };
  }
  return undefined;
}

/** Where a line begins with this, from a place on; -1: nowhere. */
function lineWith(text: string, start: string, from: number): number {
  for (let at = text.indexOf(start, from); at >= 0; at = text.indexOf(start, at + 1))
    if (at === 0 || text[at - 1] === '\n') return at;
  return -1;
}
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
function lineAt(text: string, at: number): string {
  return text.slice(at, lineEnd(text, at)).trimEnd();
}
function typeOf(line: string, start: string): string | undefined {
  return line.endsWith(DASHES) ? line.slice(start.length, -DASHES.length) : undefined;
}

function blockOf(type: string, body: string): PemBlock | undefined {
  const lines = body.split('\n');
  const first = lines.findIndex((line) => !line.includes(':'));
  const bytes = bytesOf(lines.slice(Math.max(first, 0)).join(''));
  return bytes && { type, hasHeaders: first > 0, bytes };
}

/** What a base64 text says; undefined when it is none. */
export function bytesOf(base64: string): Uint8Array | undefined {
  const text = textOf(base64);
  return text === undefined ? undefined : Uint8Array.from(text, (character) => character.charCodeAt(0));
}
/** The same with a character for each byte. */
export function textOf(base64: string): string | undefined {
  try {
    return atob(base64);
  } catch {
    return undefined;
  }
}
export function base64Of(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
