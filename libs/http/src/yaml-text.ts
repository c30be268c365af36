import { stringify } from 'yaml';

/** Column after which Go's YAML writer breaks a line at the next blank. */
const WIDTH = 80;

/** A value as YAML in the form that Kubernetes writes: sorted keys, lists not indented, long texts folded. */
export function yamlText(value: unknown): string {
  const options = {
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    singleQuote: true,
    aliasDuplicateObjects: false,
  } as const;
  const lines = stringify(value, options).split('\n');
  let blockIndent = -1;
  return lines
    .map((line) => {
      const indent = line.length - line.trimStart().length;
      if (blockIndent >= 0 && (line.trim() === '' || indent > blockIndent)) return line;
      blockIndent = /[:-] [|>][+-]?\d?$/.test(line) ? indent : -1;
      return line.length <= WIDTH ? line : folded(line, indent);
    })
    .join('\n');
}

/** The first blank beyond the width becomes a line break, again and again. Double-quoted texts are left whole. */
function folded(line: string, indent: number): string {
  const start = /^\s*(?:- )*(?:[^'":]+: )?/.exec(line)?.[0].length ?? 0;
  if (line.charAt(start) === '"') return line;
  const margin = ' '.repeat(indent + (/^\s*- /.test(line) ? 4 : 2));
  const pieces: string[] = [];
  // Places in the line itself: cutting it shorter each time would copy the rest once for every fold.
  let from = 0;
  for (;;) {
    const at = foldAt(line, from + WIDTH - (from === 0 ? 0 : margin.length), from);
    if (at === undefined || at + 1 === line.length) break;
    pieces.push(line.slice(from, at));
    from = at + 1;
  }
  return [...pieces, line.slice(from)].join(`\n${margin}`);
}

/** The first single blank at or after a place. What stands before that place does not count. */
function foldAt(line: string, place: number, from: number): number | undefined {
  const start = Math.max(place, from);
  if (line.charAt(start) === ' ' && line.charAt(start + 1) !== ' ') return start;
  SINGLE_BLANK.lastIndex = start + 1;
  return SINGLE_BLANK.exec(line)?.index;
}
const SINGLE_BLANK = /(?<! ) (?! )/g;
