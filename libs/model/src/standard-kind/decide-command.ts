import { isJsonObject } from '#std';
import type { Command } from '../command.js';
import { OBJECT_DATA } from '../event.js';
import type { DecideContext, Decided, Kind, KindRegistry } from '../kind.js';
import { streamOf } from '../kube-object.js';
import { refusals } from '../refusal.js';
import type { View } from '../view.js';

/** Decides a command on a view, with the kinds of that view: what the writer, the simulation and the tests all do. Pure. */
export function decideCommand(
  registry: KindRegistry,
  command: Command,
  view: View,
  given: Pick<DecideContext, 'now' | 'uid' | 'answers' | 'isAdmitted'>,
): Decided {
  const kinds = registry.at(view);
  const kind = kinds.byId(command.kind);
  if (kind === undefined) {
    return {
      refused: true,
      code: 404,
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    };
  }
  const misnamed = whyNoEvent(kind, command.event);
  if (misnamed !== undefined) return refusals.badRequest(misnamed);
  const namespace = kind.names.namespaced ? command.namespace : undefined;
  const name = command.name || nameInBody(command);
  const state = name === '' ? undefined : view.stream(streamOf(kind.id, namespace, name));
  return kind.decide(command, state, view, { ...given, kind, kinds });
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
