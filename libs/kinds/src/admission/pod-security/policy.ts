import type { Problem } from '#model';

/** How strict a namespace is, and in the words of which release. */
export type Level = 'privileged' | 'baseline' | 'restricted';
export interface Policy {
  readonly level: Level;
  /** The minor version whose rules count; Infinity for the latest. */
  readonly minor: number;
}
export type Mode = 'enforce' | 'audit' | 'warn';

const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted'];
const MODES: readonly Mode[] = ['enforce', 'audit', 'warn'];
const PREFIX = 'pod-security.kubernetes.io/';
type Labels = { readonly [key: string]: string } | undefined;

/**
 * What a namespace's labels say; what cannot be understood counts as the strictest. Where nothing is said of warnings they
 * are about what is enforced: that tells of workloads whose pods will be refused.
 */
export function policyOf(labels: Labels, mode: Mode): Policy {
  const otherwise: Policy = mode === 'warn' ? policyOf(labels, 'enforce') : { level: 'privileged', minor: Infinity };
  const level = labels?.[PREFIX + mode];
  const version = labels?.[`${PREFIX}${mode}-version`];
  const known = LEVELS.find((one) => one === level) ?? (level === undefined ? otherwise.level : 'restricted');
  const isOwn = level !== undefined || version !== undefined;
  return { level: known, minor: isOwn ? (minorOf(version ?? 'latest') ?? Infinity) : otherwise.minor };
}

/** `baseline:v1.30` */
export function policyText({ level, minor }: Policy): string {
  return `${level}:${minor === Infinity ? 'latest' : `v1.${minor}`}`;
}

/** Whether one policy asks for nothing that the other does not ask for already. */
export function isNoStricter(next: Policy, before: Policy): boolean {
  if (next.level === 'privileged') return true;
  return next.minor === before.minor && LEVELS.indexOf(next.level) <= LEVELS.indexOf(before.level);
}

export function labelProblems(labels: Labels): readonly Problem[] {
  const problems: Problem[] = [];
  const check = (key: string, isGood: (value: string) => boolean, detail: string): void => {
    const value = labels?.[key];
    if (value === undefined || isGood(value)) return;
    problems.push({ type: 'Invalid', field: `metadata.labels[${key}]`, value, detail });
  };
  for (const mode of MODES) {
    const words = `must be one of ${LEVELS.join(', ')}`;
    check(PREFIX + mode, (value) => LEVELS.some((level) => level === value), words);
    check(`${PREFIX}${mode}-version`, (value) => minorOf(value) !== undefined, 'must be "latest" or "v1.x"');
  }
  return problems;
}
function minorOf(version: string): number | undefined {
  if (version === 'latest') return Infinity;
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
