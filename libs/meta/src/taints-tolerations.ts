export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/** Whether a toleration puts up with a taint: an empty effect or key stands for all of them. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator ?? '') {
    case 'Exists':
      return true;
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '');
    default:
      return false;
  }
}

export function isTolerated(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return tolerations?.some((toleration) => tolerates(toleration, taint)) ?? false;
}

/** The first taint with one of these effects that nothing tolerates: the one that keeps a pod off a node. */
export function untolerated(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[] = ['NoSchedule', 'NoExecute'],
): Taint | undefined {
  return taints?.find((taint) => effects.includes(taint.effect) && !isTolerated(tolerations, taint));
}

/**
 * How long a pod may stay beside a NoExecute taint: `undefined` for ever, 0 not at all, else the least of the seconds
 * that its matching tolerations give.
 */
export function tolerationSeconds(taint: Taint, tolerations: readonly Toleration[] | undefined): number | undefined {
  const matching = (tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return 0;
  const limits = matching.flatMap((t) => (t.tolerationSeconds === undefined ? [] : [Math.max(0, t.tolerationSeconds)]));
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** The two seconds-bound tolerations that every pod gets for nodes that fall silent. */
export const DEFAULT_TOLERATION_SECONDS = 300;
export function withDefaultTolerations(tolerations: readonly Toleration[] | undefined): readonly Toleration[] {
  const list = tolerations ?? [];
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) => !isTolerated(list, { key, effect: 'NoExecute' }),
  );
  if (missing.length === 0) return list;
  return [
    ...list,
    ...missing.map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: DEFAULT_TOLERATION_SECONDS,
    })),
  ];
}
