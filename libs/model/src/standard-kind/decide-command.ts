import { isJsonObject, type Instant } from '#std';
import type { Command } from '../command.js';
import type { Decided, KindRegistry } from '../kind.js';
import { streamOf } from '../kube-object.js';
import type { View } from '../view.js';

/** Decides a command on a view: what the writer, the simulation and the tests all do. Pure. */
export function decideCommand(
  registry: KindRegistry,
  command: Command,
  view: View,
  given: { readonly now: Instant; readonly uid: string },
): Decided {
  const kind = registry.byId(command.kind);
  if (kind === undefined) {
    return {
      refused: true,
      code: 404,
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    };
  }
  const namespace = kind.names.namespaced ? command.namespace : undefined;
  const name = command.name || nameInBody(command);
  const state = name === '' ? undefined : view.stream(streamOf(kind.id, namespace, name));
  return kind.decide(command, state, view, { now: given.now, uid: given.uid, kind, kinds: registry });
}

/** A create names its object in the body. */
function nameInBody(command: Command): string {
  const metadata = isJsonObject(command.body) ? command.body['metadata'] : undefined;
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : '';
}
