/** Characters of a text that are looked at for one part. */
const PART_CHARACTERS = 32 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * JSON text indented by two blanks for each level, in parts: what `JSON.stringify(value, null, 2)` returns for the value that
 * `JSON.stringify` made the text of. The text is copied as it is, so that no value is built of it.
 */
export function* prettyParts(json: string): Generator<string> {
  const breaks = ['\n'];
  let depth = 0;
  let out = '';
  let copied = 0;
  let nextPart = PART_CHARACTERS;
  const breakAt = (end: number): void => {
    while (breaks.length <= depth) breaks.push(`${breaks.at(-1) ?? ''}  `);
    out += json.slice(copied, end) + (breaks[depth] ?? '');
    copied = end;
  };
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === QUOTE) i = endOfString(json, i);
    else if (code === COMMA) breakAt(i + 1);
    else if (code === COLON) {
      out += `${json.slice(copied, i + 1)} `;
      copied = i + 1;
    } else if (isOpening(code)) {
      // What is empty stays in its line.
      if (isClosing(json.charCodeAt(i + 1))) i++;
      else {
        depth++;
        breakAt(i + 1);
      }
    } else if (isClosing(code)) {
      depth--;
      breakAt(i);
    }
    if (i < nextPart) continue;
    yield out;
    out = '';
    nextPart = i + PART_CHARACTERS;
  }
  yield out + json.slice(copied);
}

function isOpening(code: number): boolean {
  return code === 0x7b || code === 0x5b;
}
function isClosing(code: number): boolean {
  return code === 0x7d || code === 0x5d;
}

/** Index of the quote that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  for (let at = start + 1; ; at++) {
    at = json.indexOf('"', at);
    if (at < 0) return json.length;
    let escapes = 0;
    while (json.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return at;
  }
}
