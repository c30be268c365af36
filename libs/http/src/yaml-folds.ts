/** Column after which Go's YAML writer breaks a line at the next blank. */
const WIDTH = 80;

/** Folds long lines of YAML as Go's writer does. It is given whole lines, in the order of the document. */
export class YamlFolder {
  /** Indent of the line that the current block of literal text belongs to; -1 outside of one. */
  private blockIndent = -1;

  folded(lines: string): string {
    if (lines === '') return '';
    return lines
      .split('\n')
      .map((line) => this.line(line))
      .join('\n');
  }

  private line(line: string): string {
    const indent = line.length - line.trimStart().length;
    if (this.blockIndent >= 0 && (indent === line.length || indent > this.blockIndent)) return line;
    this.blockIndent = /[:-] [|>][+-]?\d?$/.test(line) ? indent : -1;
    return line.length <= WIDTH ? line : foldedLine(line, indent);
  }
}

/** The first blank beyond the width becomes a line break, again and again. Double-quoted texts are left whole. */
function foldedLine(line: string, indent: number): string {
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
