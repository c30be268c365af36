import type { Command } from '../command.js';
import type { DecideContext, Kind } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import type { About, Problem } from '../refusal.js';
import type { StreamState, View } from '../view.js';
import type { AdmissionPlugin } from './admission.js';
import { withoutResourceVersion } from './fold.js';
import { spokenVersion, type Spoken } from './served.js';
import type { SpokenForm } from './spoken-form.js';
import type { Strategy, StrategyContext } from './strategy.js';

/** A command with all that deciding it needs; made once, then passed along. */
export interface Request extends StrategyContext {
  readonly strategy: Strategy;
  readonly decideContext: DecideContext;
  readonly spoken: Spoken;
  /** The object as it is stored, if it lives. */
  readonly old: KubeObject | undefined;
  /** Its version as clients see it. */
  readonly oldVersion: string | undefined;
  readonly subresource: string | undefined;
  readonly plugins: readonly AdmissionPlugin[];
  /** Of a subresource with rules of its own. */
  readonly rules?: WriteRules;
  /** Of a subresource that takes another object: that object. */
  readonly form?: SpokenForm;
}

/** What a write may change of an object, and what must hold afterwards. */
export interface WriteRules {
  prepare(object: KubeObject, old: KubeObject): KubeObject;
  readonly validate?:
    ((object: KubeObject, old: KubeObject, context: StrategyContext) => readonly Problem[]) | undefined;
}

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
export function hasStatus(kind: Kind): boolean {
  return kind.subresources.some((subresource) => subresource.name === 'status');
}
