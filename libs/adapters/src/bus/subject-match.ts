/** Whether a subject begins with a prefix that ends in a dot; `*` in the prefix is any one token. */
export function subjectBegins(prefix: string, subject: string | undefined): boolean {
  return subject !== undefined && subjectMatches(`${prefix}>`, subject);
}

/** Whether a subject falls under a subscription's pattern: `*` is one token, `>` at the end is one or more. */
export function subjectMatches(pattern: string, subject: string): boolean {
  let at = 0;
  for (let from = 0; from <= pattern.length;) {
    if (at > subject.length) return false;
    const wantEnd = endOfToken(pattern, from);
    const isOne = wantEnd - from === 1;
    if (isOne && pattern[from] === '>') return true;
    const haveEnd = endOfToken(subject, at);
    const isAny = isOne && pattern[from] === '*';
    if (!isAny && (wantEnd - from !== haveEnd - at || !subject.startsWith(pattern.slice(from, wantEnd), at)))
      return false;
    from = wantEnd + 1;
    at = haveEnd + 1;
  }
  return at > subject.length;
}
function endOfToken(subject: string, from: number): number {
  const end = subject.indexOf('.', from);
  return end < 0 ? subject.length : end;
}
