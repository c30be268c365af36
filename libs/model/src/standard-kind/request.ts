import type { Command } from '../command.js';
import type { DecideContext } from '../kind.js';
import type { About } from '../refusal.js';
import type { StreamState, View } from '../view.js';
import { withoutResourceVersion } from './fold.js';
import { spokenVersion } from './served.js';
import type { Request, Strategy } from './strategy.js';

export type { Request, WriteRules } from './strategy.js';

export function requestOf(
  command: Command,
  state: StreamState | undefined,
  view: View,
  context: DecideContext,
  strategy: Strategy,
): Request {
  const old = state?.object && withoutResourceVersion(state.object);
  return {
    command,
    view,
    now: context.now,
    uid: context.uid,
    kind: context.kind,
    kinds: context.kinds,
    strategy,
    decideContext: context,
    spoken: spokenVersion(context.kind, command.apiVersion),
    old,
    oldVersion: state?.object && (state.object.metadata.resourceVersion ?? String(state.position)),
    subresource: command.subresource,
    plugins: context.isAdmitted ? [] : (context.kinds.admission ?? []),
  };
}

/** What most refusals are about: the resource in the version that the client spoke. */
export function aboutOf(request: Request, name: string | undefined): About {
  const { names } = request.kind;
  return { group: request.spoken.group, resource: names.plural, kind: names.kind, name: name ?? '' };
}
/** What a 422 is about: the kind as it is stored, whatever version the client spoke. */
export function kindAbout(request: Request, name: string | undefined): About {
  return { ...aboutOf(request, name), group: request.kind.names.group };
}
/** Whether the version that the client speaks has a status of its own. */
export function hasStatus({ spoken, kind }: Request): boolean {
  // What a subresource takes is another type, that says nothing of the kind's.
  const names = spoken.kind === kind.names.kind ? spoken.subresources : kind.subresources.map(({ name }) => name);
  return names.includes('status');
}
