import { isJsonObject } from '#std';
import type { Command } from '../command.js';
import { Conversions } from '../conversion.js';
import { isUndecided } from '../decided.js';
import { OBJECT_DATA } from '../event.js';
import type { DecideContext, Decided, Kind, KindRegistry } from '../kind.js';
import { streamOf } from '../kube-object.js';
import { refusals, type Refusal } from '../refusal.js';
import { NO_ANSWERS } from '../question.js';
import type { View } from '../view.js';
import { apiVersionOf } from './served.js';

/** Decides a command on a view, with the kinds of that view: what the writer, the simulation and the tests all do. Pure. */
export function decideCommand(
  registry: KindRegistry,
  command: Command,
  view: View,
  given: Pick<DecideContext, 'now' | 'uid' | 'answers' | 'isAdmitted'>,
): Decided {
  const kinds = registry.at(view);
  const kind = kinds.byId(command.kind);
  if (kind === undefined || !isSpoken(kind, command)) return NO_SUCH_RESOURCE;
  const misnamed = whyNoEvent(kind, command.event);
  if (misnamed !== undefined) return refusals.badRequest(misnamed);
  const namespace = kind.names.namespaced ? command.namespace : undefined;
  const name = command.name || nameInBody(command);
  const state = name === '' ? undefined : view.stream(streamOf(kind.id, namespace, name));
  const { answers = NO_ANSWERS } = given;
  const conversions = new Conversions({ view, seed: `${command.correlationId} ${given.uid}`, answers });
  const decided = conversions.decide(() => kind.decide(command, state, view, { ...given, kind, kinds, conversions }));
  if (isUndecided(decided) || conversions.answers.length === 0) return decided;
  return { ...decided, answers: [...(decided.answers ?? []), ...conversions.answers] };
}

const NO_SUCH_RESOURCE: Refusal = {
  refused: true,
  code: 404,
  reason: 'NotFound',
  message: 'the server could not find the requested resource',
};

/**
 * A version may have been served when the request came in and be so no more. Loops name the version that an object was stored
 * in, which may be served no more either.
 */
function isSpoken({ names, served, storedOnly }: Kind, { apiVersion, basis }: Command): boolean {
  const { group, version } = names;
  if (
    storedOnly !== true ||
    basis !== undefined ||
    !apiVersion.startsWith(`${group}/`) ||
    apiVersion === apiVersionOf(group, version)
  )
    return true;
  return served.some((other) => apiVersionOf(other.group, other.version) === apiVersion);
}

/**
 * Whoever asks may name a special event for what he does and add facts to it. What becomes of the object is decided here
 * alone: neither may say that it has ended, or what it is now.
 */
function whyNoEvent(kind: Kind, event: Command['event']): string | undefined {
  if (event === undefined) return undefined;
  if (!kind.events.includes(event.type)) return `${kind.id} has no special event "${event.type}"`;
  const taken = OBJECT_DATA.find((name) => Object.hasOwn(event.facts ?? {}, name));
  return taken === undefined ? undefined : `"${taken}" cannot be a fact of ${event.type}: it says what the object is`;
}

/** A create names its object in the body. */
function nameInBody(command: Command): string {
  const metadata = isJsonObject(command.body) ? command.body['metadata'] : undefined;
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : '';
}
