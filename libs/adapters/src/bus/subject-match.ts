/** Whether a subject begins with a prefix that ends in a dot; `*` in the prefix is any one token. */
export function subjectBegins(prefix: string, subject: string | undefined): boolean {
  return subject !== undefined && subjectMatches(`${prefix}>`, subject);
}

/** Whether a subject falls under a subscription's pattern: `*` is one token, `>` at the end is one or more. */
export function subjectMatches(pattern: string, subject: string): boolean {
  const want = pattern.split('.');
  const have = subject.split('.');
  for (let i = 0; i < want.length; i++) {
    if (want[i] === '>') return have.length > i;
    if (i >= have.length || (want[i] !== '*' && want[i] !== have[i])) return false;
  }
  return want.length === have.length;
}
