import { INDEX_AWAY, LOG_AWAY } from '#engine';
import type { UserInfo } from '#model';
import { HistoryIndexFailed, LogUnavailable } from '#ports';
import { goQuote } from '#std';
import type { AnyResponse } from './answer.js';
import type { Trail } from './audit/trail.js';
import type { AnyRequest } from './authenticate.js';
import { notFound } from './lists.js';
import type { Query } from './query.js';
import type { RequestInfo } from './request-info.js';
import type { Route } from './routes.js';
import { answers, type HttpRefusal } from './status.js';
import type { Moment } from './time-travel.js';
import type { Upgrade } from './websocket.js';
import { randomUUID } from 'node:crypto';

/** One request on its way. */
export interface Call {
  readonly request: AnyRequest;
  readonly response: AnyResponse;
  readonly info: RequestInfo;
  readonly query: Query;
  readonly user: UserInfo;
  readonly trail: Trail;
  readonly past: Moment | undefined;
  /** The connection of a client that asks to go on in another protocol. */
  readonly upgrade: Upgrade | undefined;
}

export function wrongName(name: string): HttpRefusal | undefined {
  const why =
    name === '.' || name === '..'
      ? `may not be '${name}'`
      : name.includes('/')
        ? "may not contain '/'"
        : name.includes('%')
          ? "may not contain '%'"
          : undefined;
  return why === undefined ? undefined : answers.badRequest(`Name parameter invalid: ${goQuote(name)}: ${why}`);
}
/** Not found, with the name as Go quotes it. */
export function notFoundQuoted(route: Route): HttpRefusal {
  const refusal = notFound(route);
  const message = refusal.message.replace(`"${route.name}"`, () => goQuote(route.name));
  return { ...refusal, message, details: { ...refusal.details, name: route.name.toWellFormed() } };
}
/** What went wrong where the client may know of it: a node's own words. */
export function internalError(message: string): HttpRefusal {
  return {
    refused: true,
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  };
}

/** Receives a fault with the id that the client was given, to be found again in the log of the process. */
export type OnFault = (cause: unknown, id: string) => void;

/** The answer to a fault of this server. It names an id only: what was thrown may hold what the client must not see. */
export function faultAnswer(cause: unknown, onFault: OnFault | undefined): HttpRefusal {
  // While the log is away nothing is at fault here; `readyz` says it.
  if (cause instanceof LogUnavailable) return LOG_AWAY;
  // It has been said in the log of the process, and the index is made anew.
  if (cause instanceof HistoryIndexFailed) return INDEX_AWAY;
  const id = randomUUID();
  onFault?.(cause, id);
  return internalError(`the request failed for a reason that is in the server's log (id ${id})`);
}
