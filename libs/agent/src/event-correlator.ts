import type { kubelet } from '#loops';
import type { IncidentReport } from '#model';
import { toTime } from '#std';
import type { Instant } from '#std';

const TEN_MINUTES_MS = 600_000;
/** Events with different messages that get a row each within ten minutes, as in client-go; later ones share one row. */
const SIMILAR_MAX = 9;
const TOLD_MAX = 4096;

interface Told {
  readonly count: number;
  readonly first: Instant;
  readonly reported: Instant;
}
interface Similar {
  readonly messages: Set<string>;
  last: Instant;
}
type Said = Pick<kubelet.Incident, 'type' | 'reason' | 'message'>;

/**
 * Correlates incidents as client-go's EventCorrelator does: equal ones are counted and reported at repeat 1, 2, 4, 8 … and
 * every ten minutes, and many that differ in their message only are combined.
 */
export class EventCorrelator {
  /** By incident, in the order of last use. */
  private readonly told = new Map<string, Told>();
  private readonly similar = new Map<string, Similar>();

  /** Returns the report that is due, undefined when the incident is only counted. */
  correlate(object: IncidentReport['object'], said: Said, now: Instant): IncidentReport | undefined {
    const { type, reason } = said;
    const group = [object.uid, object.fieldPath ?? '', type, reason].join('\n');
    const isCombined = this.isOneTooMany(group, said.message, now);
    const message = isCombined ? `(combined from similar events): ${said.message}` : said.message;
    const key = isCombined ? group : [group, said.message].join('\n');
    const before = this.told.get(key);
    const count = (before?.count ?? 0) + 1;
    const first = before?.first ?? now;
    const isPower = (count & (count - 1)) === 0;
    const isDue = isPower || now - (before?.reported ?? 0) >= TEN_MINUTES_MS;
    this.keep(key, { count, first, reported: isDue ? now : (before?.reported ?? now) });
    if (!isDue) return undefined;
    const times = { first: toTime(first), last: toTime(now) };
    return { object, type, reason, message, ...(isCombined && { isCombined }), count, ...times };
  }
  forget(uid: string): void {
    for (const map of [this.told, this.similar])
      for (const key of map.keys()) if (key.startsWith(`${uid}\n`)) map.delete(key);
  }

  private isOneTooMany(group: string, message: string, now: Instant): boolean {
    const known = this.similar.get(group);
    const similar = known && now - known.last < TEN_MINUTES_MS ? known : { messages: new Set<string>(), last: now };
    this.similar.set(group, similar);
    similar.last = now;
    if (similar.messages.has(message)) return false;
    if (similar.messages.size >= SIMILAR_MAX) return true;
    similar.messages.add(message);
    return false;
  }
  private keep(key: string, told: Told): void {
    this.told.delete(key);
    this.told.set(key, told);
    if (this.told.size <= TOLD_MAX) return;
    for (const oldest of this.told.keys()) {
      this.told.delete(oldest);
      return;
    }
  }
}
