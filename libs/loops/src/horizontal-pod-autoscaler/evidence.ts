import type { PodFigure } from '#model';
import type { Instant } from '#std';
import type { Values } from './figures.js';
import type { PodGroups } from './pods.js';

/** So many pods are named, and the others counted. */
const NAMES_MAX = 5;

export interface PodEvidence {
  readonly groups: PodGroups;
  /** The figures as they were answered. */
  readonly answered: ReadonlyMap<string, PodFigure>;
  /** Those of the target's pods, as they were compared: what was held back may count as used. */
  readonly figures: ReadonlyMap<string, PodFigure>;
  readonly ratio: number;
  readonly now: Instant;
}

/** On which pods a figure rests, how old it is, and which pods were left out or guessed and why; begins with a comma. */
export function podEvidence({ groups, answered, figures, ratio, now }: PodEvidence): string {
  const left = new Set([...groups.ignored, ...groups.unready]);
  const counted = [...figures].filter(([pod]) => !left.has(pod));
  let [oldest, longest, held] = [now, 0, 0];
  for (const [pod, [milli, at, windowMs]] of counted) {
    oldest = Math.min(oldest, at);
    longest = Math.max(longest, windowMs);
    held += milli - (answered.get(pod)?.[0] ?? milli);
  }
  const pods = `${counted.length} ${counted.length === 1 ? 'pod' : 'pods'}`;
  return [
    `, measured ${seconds(now - oldest)} ago over ${seconds(longest)} on ${pods}`,
    ...(held > 0 ? [`${held}m of it held back by limits or neighbours`] : []),
    ...said(groups.unready, ratio > 1 ? 'not ready, counted as idle' : 'not ready, left out'),
    ...said(groups.missing, ratio > 1 ? 'without figures, counted as idle' : 'without figures, counted as loaded'),
    ...said(groups.ignored, 'ended or on their way out, left out'),
  ].join('; ');
}
/** How old the answer of another server is; begins with a comma. */
export function valueEvidence({ at }: Values, now: Instant): string {
  return at === undefined ? '' : `, answered ${seconds(now - at)} ago`;
}

function said(pods: readonly string[], how: string): readonly string[] {
  if (pods.length === 0) return [];
  const others = pods.length > NAMES_MAX ? ` and ${pods.length - NAMES_MAX} more` : '';
  return [`${pods.slice(0, NAMES_MAX).join(', ')}${others} (${how})`];
}
function seconds(ms: number): string {
  return `${Number((Math.max(0, ms) / 1000).toFixed(1))} s`;
}
