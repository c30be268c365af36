/**
 * Orders versions as Kubernetes does: below 0 when `one` is the lesser one. GA versions are above beta ones, these above alpha
 * ones, then higher numbers above lower ones; what has another form is below all of these, in the reverse order of the alphabet.
 */
export function compareVersions(one: string, other: string): number {
  if (one === other) return 0;
  const [a, b] = [parsed(one), parsed(other)];
  if (!a && !b) return one < other ? 1 : -1;
  if (!a || !b) return a ? 1 : -1;
  return a.stage - b.stage || a.major - b.major || a.minor - b.minor;
}

const STAGES = ['alpha', 'beta', ''];

function parsed(
  version: string,
): { readonly stage: number; readonly major: number; readonly minor: number } | undefined {
  const match = /^v([1-9]\d{0,15})(?:(alpha|beta)([1-9]\d{0,15}))?$/.exec(version);
  if (!match) return undefined;
  const [, major, stage = '', minor = '0'] = match;
  return { stage: STAGES.indexOf(stage), major: Number(major), minor: Number(minor) };
}
