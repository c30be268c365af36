import type { PathStance, PodWay } from '#model';

/** A question that is not answered before the next one counts as lost. */
export const ASK_MS = 1000;
const ASK_MIN_MS = 500;
/** Of a path that goes as it should, and of one that no answer comes by. */
export const ASK_CALM_MS = 4000;
/** So long the route has to be silent while VXLAN answers: of a path whose route has never answered, and of any other. */
const SILENT_NEW_MS = 1800;
const SILENT_MS = 2500;
/** An answer is news for so long. */
const RECENT_MS = 2500;
/** So long the route has to answer each question before it is used again; twice as long each time that it did not last. */
const RETURN_MS = 10_000;
const RETURN_MAX_MS = 320_000;
const LASTED_MS = 600_000;
/** So long what comes by VXLAN is still taken: the other node comes back a moment later. */
const LINGER_MS = 10_000;
/** Whoever was silent for so long may be gone. */
const GONE_MS = 60_000;

/** What is known of one way to another node. Times are of the monotonic clock. */
export interface WayHeard {
  /** Of the last question. */
  readonly askedAt?: number | undefined;
  /** Questions since the last answer. */
  readonly unanswered: number;
  /** Of the first of these. */
  readonly silentSince?: number | undefined;
  /** Since then each question was answered before the next one. */
  readonly steadySince?: number | undefined;
  readonly answeredAt?: number | undefined;
}
/** What is known of the path to another node on the same layer-2 network. */
export interface PathWatch {
  readonly way: PodWay;
  readonly since: number;
  readonly heard: Readonly<Record<PodWay, WayHeard>>;
  /** What the other node said last. */
  readonly theirs: PathStance;
  /** The route was used again at that time. */
  readonly returnedAt?: number | undefined;
  readonly returnMs: number;
}
export interface PathChoice {
  readonly way: PodWay;
  readonly spare?: PodWay;
}

export function watchPath(way: PodWay, now: number): PathWatch {
  const heard: WayHeard = { unanswered: 0 };
  return { way, since: now, heard: { route: heard, vxlan: heard }, theirs: 'route', returnMs: RETURN_MS };
}

export function pathAsked(watch: PathWatch, way: PodWay, now: number): PathWatch {
  const { unanswered, silentSince, steadySince, answeredAt } = watch.heard[way];
  const isSilent = unanswered > 0;
  return withHeard(watch, way, {
    askedAt: now,
    unanswered: unanswered + 1,
    silentSince: isSilent ? silentSince : now,
    steadySince: isSilent ? undefined : steadySince,
    answeredAt,
  });
}

export function pathAnswered(watch: PathWatch, way: PodWay, theirs: PathStance, now: number): PathWatch {
  const { askedAt, steadySince = now } = watch.heard[way];
  return { ...withHeard(watch, way, { askedAt, unanswered: 0, steadySince, answeredAt: now }), theirs };
}

/**
 * By which way the path is to go from now on. VXLAN is used where it answers and the route does not, or where the other node says so;
 * the route again when it has answered steadily and the other node would use it too. Where neither answers, nothing is changed: the
 * other node is away, or does not know of this.
 */
export function decidePath(watch: PathWatch, now: number): PathWatch {
  const { way, theirs, returnedAt, returnMs } = watch;
  if (way === 'route') {
    const isWanted = theirs === 'vxlan' || isSilent(watch, now);
    if (!isWanted || !isRecent(watch.heard.vxlan, now)) return watch;
    const hasLasted = returnedAt === undefined || now - returnedAt >= LASTED_MS;
    const next = hasLasted ? RETURN_MS : Math.min(returnMs * 2, RETURN_MAX_MS);
    // That the route answers counts from now on.
    const route = { ...watch.heard.route, steadySince: undefined };
    return { ...watch, way: 'vxlan', since: now, heard: { ...watch.heard, route }, returnMs: next };
  }
  const isBack = isSteady(watch, now) && (theirs === 'return' || theirs === 'route');
  return isBack ? { ...watch, way: 'route', since: now, returnedAt: now } : watch;
}

/** What the other node is told. */
export function stanceOf(watch: PathWatch, now: number): PathStance {
  if (watch.way === 'vxlan') return isSteady(watch, now) ? 'return' : 'vxlan';
  if (isSilent(watch, now)) return 'vxlan';
  return watch.heard.route.unanswered > 1 ? 'doubt' : 'route';
}

export function choiceOf(watch: PathWatch, now: number): PathChoice {
  const { way, theirs, returnedAt } = watch;
  if (way === 'vxlan') return { way, spare: 'route' };
  const lingers = returnedAt !== undefined && now - returnedAt < LINGER_MS;
  return theirs !== 'route' || lingers || stanceOf(watch, now) !== 'route' ? { way, spare: 'vxlan' } : { way };
}

/** The ways that are to be asked by, of those that are there: an answer that is under way is waited for. */
export function waysToAsk(watch: PathWatch, { way, spare }: PathChoice, now: number): readonly PodWay[] {
  return [way, ...(spare ? [spare] : [])].filter((one) => {
    const { askedAt } = watch.heard[one];
    return askedAt === undefined || now - askedAt >= ASK_MIN_MS;
  });
}

/** Milliseconds between two questions of a path. */
export function askEvery(watch: PathWatch, now: number): number {
  const { heard, way, theirs, since } = watch;
  const heardAt = Math.max(heard.route.answeredAt ?? since, heard.vxlan.answeredAt ?? since);
  if (now - heardAt >= GONE_MS) return ASK_CALM_MS;
  const { unanswered, steadySince, answeredAt } = heard.route;
  const isCalm =
    way === 'vxlan'
      ? // Settled: the route stays silent, and both know.
        theirs === 'vxlan' && steadySince === undefined && now - since >= LINGER_MS
      : unanswered === 0 && answeredAt !== undefined && choiceOf(watch, now).spare === undefined;
  return isCalm ? ASK_CALM_MS : ASK_MS;
}

function withHeard(watch: PathWatch, way: PodWay, heard: WayHeard): PathWatch {
  return { ...watch, heard: { ...watch.heard, [way]: heard } };
}
function isRecent({ answeredAt, unanswered }: WayHeard, now: number): boolean {
  return answeredAt !== undefined && now - answeredAt < RECENT_MS && unanswered <= 2;
}
/** The route has not answered for some time in which VXLAN has answered each question. */
function isSilent({ heard: { route, vxlan } }: PathWatch, now: number): boolean {
  if (route.silentSince === undefined || vxlan.steadySince === undefined || route.unanswered < 3) return false;
  const patience = route.answeredAt === undefined ? SILENT_NEW_MS : SILENT_MS;
  return now - Math.max(route.silentSince, vxlan.steadySince) >= patience;
}
function isSteady({ heard: { route }, returnMs }: PathWatch, now: number): boolean {
  return route.steadySince !== undefined && route.unanswered <= 1 && now - route.steadySince >= returnMs;
}
