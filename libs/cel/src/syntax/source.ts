/** One thing wrong with an expression. */
export interface Issue {
  /** Code point offset. */
  readonly at: number;
  readonly message: string;
}

/** Issues that one expression reports at most. */
const ISSUES_MAX = 100;

/** The text of an issue as cel-go prints it: position, message, the line, and a caret below the place. */
export function issueText(source: string, { at, message }: Issue): string {
  const points = Array.from(source);
  const before = points.slice(0, at);
  const start = before.lastIndexOf('\n') + 1;
  const line = before.filter((point) => point === '\n').length + 1;
  const end = points.indexOf('\n', at);
  const text = points
    .slice(start, end < 0 ? undefined : end)
    .join('')
    .replaceAll('\t', ' ');
  const dots = before.slice(start).map((point) => (isWide(point) ? '．' : '.'));
  return `ERROR: <input>:${line}:${at - start + 1}: ${message}\n | ${text}\n | ${dots.join('')}^`;
}
function isWide(point: string): boolean {
  return (point.codePointAt(0) ?? 0) > 0x7f;
}

export function issuesText(source: string, issues: readonly Issue[]): string {
  const shown = [...issues].sort((a, b) => a.at - b.at).slice(0, ISSUES_MAX);
  return shown.map((issue) => issueText(source, issue)).join('\n');
}
