/** Texts of so many characters are worth remembering what was counted. */
const LONG = 256;
let lengths = new Map<string, number>();
let points = new Map<string, readonly string[]>();

/**
 * What is known of long texts is kept for one evaluation, which is synchronous: a rule that asks for the size of a text in
 * each step of a loop pays for it once.
 */
export function forgetTexts(): void {
  lengths = new Map();
  points = new Map();
}

/** Code points of a text, as functions count them. */
export function lengthOf(text: string): number {
  if (text.length < LONG) return counted(text);
  let length = lengths.get(text);
  if (length === undefined) lengths.set(text, (length = counted(text)));
  return length;
}
function counted(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xd800 && code < 0xdc00) length--;
  }
  return length;
}

/** The code points themselves, to be indexed. */
export function pointsOf(text: string): readonly string[] {
  if (text.length < LONG) return Array.from(text);
  let known = points.get(text);
  if (known === undefined) points.set(text, (known = Array.from(text)));
  return known;
}
