import type { Command } from '../command.js';
import type { Path, Upcaster } from '../event.js';
import type {
  Column,
  DecideContext,
  Decided,
  FieldSelector,
  Kind,
  KindNames,
  ServedVersion,
  Subresource,
  Verb,
} from '../kind.js';
import { kindRef, type KubeObject } from '../kube-object.js';
import { refusals } from '../refusal.js';
import type { ObjectType } from '../schema/index.js';
import type { Unlogged } from '../unlogged.js';
import type { StreamState, View } from '../view.js';
import { decideCreate } from './create.js';
import { decideDelete } from './delete.js';
import { decidePatch } from './patch.js';
import { hasStatus, requestOf, type Request, type WriteRules } from './request.js';
import { decideScale, scaleOf, type ScalePaths } from './scale.js';
import type { Strategy } from './strategy.js';
import { decideUpdate } from './update.js';

/** What a kind's folder says; the rest has one answer for all kinds. */
export interface StandardKind<T extends KubeObject> {
  readonly names: Pick<KindNames, 'group' | 'version' | 'kind' | 'plural' | 'namespaced'> & Partial<KindNames>;
  readonly schema: ObjectType<unknown>;
  readonly columns: readonly Column[];
  readonly strategy?: Strategy<T>;
  readonly verbs?: readonly Verb[];
  readonly subresources?: readonly Subresource[];
  readonly scale?: ScalePaths;
  readonly fieldSelectors?: readonly FieldSelector[];
  readonly fieldSelectorError?: Kind['fieldSelectorError'];
  readonly served?: readonly ServedVersion[];
  readonly sealed?: readonly Path[];
  /** Special types of events that a strategy or a loop names (`PodBound`). */
  readonly events?: readonly string[];
  readonly upcasters?: readonly Upcaster[];
  readonly rowConditions?: Kind['rowConditions'];
  readonly deprecation?: string;
  readonly unlogged?: Unlogged;
  readonly defines?: Kind['defines'];
  readonly enables?: Kind['enables'];
  readonly isOptional?: true;
  readonly role?: Kind['role'];
  readonly indexes?: Kind['indexes'];
  readonly storedOnly?: boolean;
  readonly isCustom?: boolean;
  readonly definedIn?: Kind['definedIn'];
  readonly schemaVersion?: number;
}

const ALL_VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** A kind with the life that nearly every kind of Kubernetes has: one decide for all of them. */
export function standardKind<T extends KubeObject>(given: StandardKind<T>): Kind<T> {
  const { scale } = given;
  const names: KindNames = {
    singular: given.names.kind.toLowerCase(),
    listKind: `${given.names.kind}List`,
    shortNames: [],
    categories: [],
    ...given.names,
  };
  const id = `${names.group || 'core'}.${names.plural}`;
  const strategy = (given.strategy ?? {}) as unknown as Strategy;
  return {
    id,
    ref: kindRef<T>(id),
    names,
    schema: given.schema,
    columns: given.columns,
    verbs: given.verbs ?? ALL_VERBS,
    subresources: given.subresources ?? [],
    fieldSelectors: given.fieldSelectors ?? [],
    fieldSelectorError: given.fieldSelectorError ?? 'known',
    served: given.served ?? [],
    sealed: given.sealed ?? [],
    events: given.events ?? [],
    schemaVersion: given.schemaVersion ?? (given.upcasters?.length ?? 0) + 1,
    upcasters: given.upcasters ?? [],
    decide: (command, state, view, context) => decide(given, strategy, { command, state, view, context }),
    ...(scale && { scaleOf: (object) => scaleOf(object, scale) }),
    ...(given.rowConditions && { rowConditions: given.rowConditions }),
    ...(given.deprecation !== undefined && { deprecation: given.deprecation }),
    ...(given.unlogged && { unlogged: given.unlogged }),
    ...(given.defines && { defines: given.defines }),
    ...(given.enables && { enables: given.enables }),
    ...(given.isOptional && { isOptional: true }),
    ...(given.role && { role: given.role }),
    ...(given.indexes && { indexes: given.indexes }),
    ...(given.storedOnly && { storedOnly: true }),
    ...(given.isCustom && { isCustom: true }),
    ...(given.definedIn !== undefined && { definedIn: given.definedIn }),
  };
}

interface Asked {
  readonly command: Command;
  readonly state: StreamState | undefined;
  readonly view: View;
  readonly context: DecideContext;
}

function decide<T extends KubeObject>(given: StandardKind<T>, strategy: Strategy, asked: Asked): Decided {
  const { command, state, view, context } = asked;
  const own = command.subresource === undefined ? undefined : strategy.subresources?.[command.subresource];
  const request = requestOf(command, state, view, context, strategy);
  if (own) return own(request);
  if (command.subresource === 'scale' && given.scale) return decideScale(request, given.scale);
  if (command.subresource !== undefined && !(command.subresource === 'status' && hasStatus(request)))
    return noSuchSubresource();
  return decideVerb(request);
}

/** The four verbs on the object itself or its status. */
export function decideVerb(request: Request): Decided {
  switch (request.command.verb) {
    case 'create':
      return decideCreate(request);
    case 'update':
      return decideUpdate(request);
    case 'patch':
      return decidePatch(request);
    case 'delete':
      return decideDelete(request);
  }
}

/** PUT and PATCH of a subresource that shows the whole object but changes a part of its own. */
export function updateSubresource(request: Request, rules: WriteRules): Decided {
  return decideVerb({ ...request, rules });
}

function noSuchSubresource(): Decided {
  return { ...refusals.badRequest('the server could not find the requested resource'), code: 404, reason: 'NotFound' };
}
