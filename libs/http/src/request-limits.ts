import { refusals, type UserInfo } from '#model';
import type { EventEmitter } from 'node:events';
import type { RequestInfo } from './request-info.js';
import { STREAMED } from './streams.js';
import type { HttpRefusal } from './status.js';

/** Requests that one user may have under way at once. */
export interface RequestLimits {
  /** Those that last: watches, logs, sessions, forwarded ports. */
  readonly lasting: number;
  /** All others; each may hold a body of 3 MiB. */
  readonly short: number;
}
export const REQUEST_LIMITS: RequestLimits = { lasting: 1000, short: 400 };

export const tooManyRequests = (message: string): HttpRefusal => refusals.tooManyRequests(message, 1);

/** Whether a request lasts until one of the two sides ends it. */
export function isLasting({ verb, subresource }: RequestInfo): boolean {
  return verb === 'watch' || STREAMED.has(subresource);
}

interface Counted {
  readonly until: EventEmitter;
  /** Whose requests these are, for the refusal. */
  readonly of?: string;
}

/** Counts the requests that each user has under way. One user who opens too many is refused; the others are not. */
export class RequestsUnderWay {
  private readonly counts = { lasting: new Map<string, number>(), short: new Map<string, number>() };

  constructor(private readonly limits: RequestLimits) {}

  /** Counts a request until `until` emits `finish` or `close`; a refusal when there are too many under this name. */
  begin(
    { name }: Pick<UserInfo, 'name'>,
    info: RequestInfo,
    { until, of = 'this user' }: Counted,
  ): HttpRefusal | undefined {
    const sort = isLasting(info) ? 'lasting' : 'short';
    const counts = this.counts[sort];
    const count = counts.get(name) ?? 0;
    if (count >= this.limits[sort]) {
      const what = sort === 'lasting' ? 'watches, logs and sessions' : 'requests';
      return tooManyRequests(`Too many requests, please try again later: ${count} ${what} of ${of} are under way`);
    }
    counts.set(name, count + 1);
    let isCounted = true;
    const end = (): void => {
      if (!isCounted) return;
      isCounted = false;
      const left = (counts.get(name) ?? 1) - 1;
      // A user without requests is not remembered.
      if (left > 0) counts.set(name, left);
      else counts.delete(name);
    };
    // A client that has its answer may ask again at once; the stream of an answer closes a little later.
    until.once('finish', end);
    until.once('close', end);
    return undefined;
  }
}
