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
  let rest = line;
  for (;;) {
    const at = rest.slice(WIDTH).search(/(?<! ) (?! )/);
    const from = WIDTH + at;
    if (at < 0 || rest.slice(from + 1) === '') break;
    pieces.push(rest.slice(0, from));
    rest = margin + rest.slice(from + 1);
  }
  return [...pieces, rest].join('\n');
}
